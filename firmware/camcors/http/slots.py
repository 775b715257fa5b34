"""Decide who gets a slot, who waits for one, and who gives one up. Pure: no IO, no clock, no allocation.

A slot is the right to be served; limits.connections says how many there are. Slots are shared out by address.
A page, a person and an attacker have an address each, but only some of them open many connections. The
clients of a proxy are one address: then no other one waits, and only idle connections give way.

What the end of a connection would cost stands in the row of its phase, in phases.py.

When all slots are taken and a client waits, giver() names who makes room:

1. Only a connection that has been in its phase for a second: a client that was just answered may be sending
   its next request, and the rest of a head that has just begun is on its way. More bytes of the same head do
   not start that second again.
2. One whose end costs NOTHING, of any address. One that costs a REQUEST or a SILENCE only if its address
   holds at least two slots more than the client's, so that the exchange does not turn the tables; or if the
   client's holds none.
3. Of these, one of the address that holds most. Of that address, the one that costs least, and among equals
   the one that has been in its phase longest.

If nobody makes room, the client waits up to limits.slot_wait_ms. Meanwhile is_last() has answers end their
connection with "Connection: close", which no client can misunderstand, if the client is of the same address
or of one that holds fewer slots. So clients that ask all the time, and are never idle for a second, pass
their slots on as well. next_in_turn() gives a slot to the address that holds fewest, and there to who came
first.

One slot is for new clients. Before a client whose address holds no slot is sent away, last_resort() ends a
connection of the address that holds most, if it holds at least two, at the cost of a SILENCE or an ANSWER:
the one whose client has taken or said nothing for longest. Without it, six downloads that nobody reads, or
six endless answers of /main.py, would keep everybody else out. Nothing else ends an answer. The camera's own
streams are rarely concerned, since limits.stream_viewers leaves one connection free of them.

A waiting client costs a socket, so limits.slot_waiters bounds them. An ESP32 has 12 TCP connections: six
slots, two clients that are told that they get none, and four that wait. If more come, surplus() names who
is sent away: the last one of the address that has most, slots and waiting clients together.

The cost is a comparison for each pair of connections, and arises only while all slots are taken.
"""

from .clock import ticks_diff
from .exchange import SETTLED_MS
from .phases import ANSWER, COST, NOTHING, PHASES, SILENCE


def _cost(connection):
    return PHASES[connection.exchange.phase][COST]


def held(connections, address):
    """Return how many of `connections` are of `address` (str)."""
    count = 0
    for each in connections:
        if each.address == address:
            count += 1
    return count


def giver(holders, waiter, now):
    """Return which of `holders` gives its slot to `waiter` at the ticks `now`, or None."""
    mine = held(holders, waiter.address)
    chosen = None
    most = 0
    for each in holders:
        theirs = held(holders, each.address)
        if not _may_give(each, theirs, mine, now):
            continue
        if chosen is None or _is_before(each, theirs, chosen, most, now):
            chosen = each
            most = theirs
    return chosen


def _may_give(holder, theirs, mine, now):
    cost = _cost(holder)
    if cost > SILENCE or ticks_diff(now, holder.exchange.since) < SETTLED_MS:
        return False
    return cost == NOTHING or not mine or theirs > mine + 1


def _is_before(each, theirs, chosen, most, now):
    if theirs != most:
        return theirs > most
    if _cost(each) != _cost(chosen):
        return _cost(each) < _cost(chosen)
    return _is_longer(each, chosen, now)


def _is_longer(each, other, now):
    return ticks_diff(now, each.exchange.since) > ticks_diff(now, other.exchange.since)


def last_resort(holders, waiter, now):
    """Return which of `holders` ends at the ticks `now`, so that `waiter` is not sent away; or None."""
    if held(holders, waiter.address):
        return None
    chosen = None
    most = 0
    for each in holders:
        theirs = held(holders, each.address)
        if theirs < 2 or not SILENCE <= _cost(each) <= ANSWER:
            continue
        if chosen is None or theirs > most or (theirs == most and _is_longer(each, chosen, now)):
            chosen = each
            most = theirs
    return chosen


def next_in_turn(waiting, holders):
    """Return which of `waiting`, not empty and in the order of their coming, gets the next slot."""
    chosen = None
    fewest = 0
    for each in waiting:
        theirs = held(holders, each.address)
        if chosen is None or theirs < fewest:
            chosen = each
            fewest = theirs
    return chosen


def surplus(waiting, holders):
    """Return which of `waiting`, not empty and in the order of their coming, has no place to wait."""
    chosen = None
    most = 0
    for each in waiting:
        theirs = held(holders, each.address) + held(waiting, each.address)
        if theirs >= most:
            chosen = each
            most = theirs
    return chosen


def is_last(holder, waiting, holders):
    """Return whether the answer to `holder` ends its connection, for one of `waiting`."""
    mine = held(holders, holder.address)
    for each in waiting:
        if each.address == holder.address or held(holders, each.address) < mine:
            return True
    return False
