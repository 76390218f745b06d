"""Whether a key may write to an archive: the account that it belongs to, and the one that the file names."""

from dataclasses import dataclass

from source_opsgenie.api.connection import is_identified_by_key

OTHERWISE = "use another file, or pass --same-account if you know that it is the same account"
UNNAMED = "a key that cannot name its account"


@dataclass(frozen=True, slots=True)
class Owner:
    """The *account* of a key, which is *known_as* all of these names.

    With *is_same_account*, the user vouches for it that a file with another name is of this account.
    """

    account: str
    known_as: frozenset[str] = frozenset()
    is_same_account: bool = False

    @property
    def key(self) -> str | None:
        """A digest of the key."""
        return next((name for name in self.known_as if is_identified_by_key(name)), None)

    def is_named(self, recorded: str) -> bool:
        """Whether *recorded* is a name of this account."""
        return recorded in {self.account, *self.known_as}

    def accepts(self, recorded: str, *, key: str | None) -> bool:
        """Whether a file of the account *recorded*, which the *key* could name, is of this account."""
        return self.is_same_account or self.is_named(recorded) or (key is not None and key == self.key)

    def account_to_record(self, recorded: str) -> str:
        """The name that a file with the name *recorded* should have: never a digest in place of a name."""
        keeps_name = is_identified_by_key(self.account) and not is_identified_by_key(recorded)
        return recorded if keeps_name else self.account

    def describe_mismatch(self, recorded: str) -> str:
        """Why this key cannot write to the archive of the account *recorded*, and what to do."""
        if is_identified_by_key(recorded):
            return f"belongs to a key that could not read its account's name. Use that key, {OTHERWISE}."
        if is_identified_by_key(self.account):
            return (
                f"belongs to {recorded}, and this key cannot read its account's name because it lacks the permission "
                f"Configuration Access. Use a key of that account with this permission, {OTHERWISE}."
            )
        return f"belongs to {recorded}, and this key belongs to {self.account}. Use a key of that account, {OTHERWISE}."


def describe_change(recorded: str, account: str) -> str:
    """How a file that named the account *recorded* belongs to *account* now."""
    if recorded == account:
        return f"still belongs to {account}; this key, which cannot name its account, is recorded as one of its keys."
    names = (UNNAMED if is_identified_by_key(name) else name for name in (account, recorded))
    return "now belongs to {}, before to {}.".format(*names)
