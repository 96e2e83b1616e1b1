from cometbid.accounts.store import Account, Archive, Emails, People, accounts
from cometbid.analytics.service import C, Counts
from cometbid.contracts.accounts import Closed, SignedUp
from cometbid.email.service import Outgoing, SmtpKey
from oort import Get, Put, Publish, Query, Update, atomic, field
def need(p: People[Get | Put]) -> None: ...
def bare(p: People) -> None: p.get("x")                                   # 1 no action
def w(p: People[Get], a: Archive[Get | Put], c: Counts[Update], q: People[Query], e: Emails[Put], out: Publish[SignedUp]) -> None:
    p.delete("x")                                                          # 2
    need(p)                                                                # 3
    need(a)                                                                # 4 other table, same model
    p.get(42)                                                              # 5 key type
    q.query(People.by_country, 42)                                         # 6
    q.query(People.by_country, "NO", at_least="yesterday")                 # 7
    c.update(1, field(C.sign_ups).add(1))                                  # 8
    field(C.country).add(1)                                                # 9
    field(C.sign_ups).set("1")                                             # 10
    with atomic() as tx:
        tx.put(p, p.require("x"))                                          # 11 Get only
        tx.put(a, 3)                                                       # 12
        tx.publish(out, Closed(account_id="1"))                            # 13
        tx.require(a, "x")                                                 # 14 no reads in tx
    People.put(Account)                                                    # 15 the class is not a handle
@accounts.worker(Outgoing)
def wrong_message(mail: Account) -> None: ...                              # 16
@accounts.on(SignedUp)
def wrong_event(event: Closed) -> None: ...                                # 17
@accounts.worker(People)
def wrong_kind(mail: Account) -> None: ...                                 # 18
def silly(p: People[int]) -> None: ...                                     # 19
def key(key: SmtpKey) -> None: key.value()                                 # 21 no action
SignedUp("a", "b", "c")                                                    # 20
