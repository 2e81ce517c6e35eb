"""An agreement on paper: the PDF of one version, and the digest with which the portal knows it again.

paper.pdf(contract)              # bytes, in the language of the moment
paper.digest(contract)           # 64 hexadecimal characters over what was agreed, not over the PDF
paper.find(reference, code)      # the version that still says what that paper said, or None
"""

from dipportal.contracts.models import Contract
from dipportal.contracts.paper.content import content, file_name
from dipportal.contracts.paper.facts import digest, facts, reference_of
from dipportal.contracts.paper.typesetting import PaperError, typeset
from dipportal.contracts.paper.verification import find

__all__ = ["PaperError", "content", "digest", "facts", "file_name", "find", "pdf", "reference_of", "typeset"]


def pdf(contract: Contract) -> bytes:
    """One version as a PDF, in the language of the moment: the same bytes for the same content.

    The contract with provider, producer, production, theater__receiver and its people loaded. Raises PaperError.
    """
    return typeset(content(contract))
