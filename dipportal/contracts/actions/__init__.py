"""What can be done with an agreement. Each action is one transaction: row, journal line, and what follows from it.

Order in each: refuse by rule, lock the row, change it by conditional UPDATE of the status, journal. The rooms above
hang their mails and DIP operations on the journal line (journal.actions.on), in the same transaction.
"""

from dipportal.contracts.actions.answering import (
    UNDO,
    adopt,
    approve,
    counter,
    decline,
    reject,
    retract,
    undo,
)
from dipportal.contracts.actions.common import PARTY_FIELDS, new_reference
from dipportal.contracts.actions.conflicts import (
    drop_conflict,
    flag_conflict,
    forget_number,
    note_choice,
    settle_conflict,
    take_answer,
    take_terms,
    take_terms_as_revision,
    tell_conflict,
)
from dipportal.contracts.actions.drafting import (
    create_concept,
    discard,
    extend,
    propose,
    restore,
    update_concept,
    withdraw,
)
from dipportal.contracts.actions.versions import amend, revise

__all__ = [
    "PARTY_FIELDS",
    "UNDO",
    "adopt",
    "amend",
    "approve",
    "counter",
    "create_concept",
    "decline",
    "discard",
    "drop_conflict",
    "extend",
    "flag_conflict",
    "forget_number",
    "new_reference",
    "note_choice",
    "propose",
    "reject",
    "restore",
    "retract",
    "revise",
    "settle_conflict",
    "take_answer",
    "take_terms",
    "take_terms_as_revision",
    "tell_conflict",
    "undo",
    "update_concept",
    "withdraw",
]
