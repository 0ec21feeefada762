"""The mistakes that people make with these signatures, each with its name and in plain words."""

from __future__ import annotations

from enum import Enum


class Mistake(Enum):
    """Why a signature fails that would hold otherwise: (name for programs, what happened, what to do)."""

    SPACE_AROUND_SIGNATURE = (
        "space-around-signature",
        "white space before or after the Signature element is not what it was when the digest was taken",
        "put the Signature in without adding or removing a newline or an indentation",
    )
    NAMESPACE_ADDED = (
        "namespace-added",
        "the root element has a namespace declaration that it had not when the digest was taken",
        "declare every namespace on the root before the digest, or on SignedInfo",
    )
    NAMESPACE_REMOVED = (
        "namespace-removed",
        "the root element lacks a namespace declaration that it had when the digest was taken",
        "leave the root element as it was",
    )
    COMMENTS_DIGESTED = (
        "comments-digested",
        "the digest was taken with the comments in the message, and the method named leaves them out",
        "remove the comments, or canonicalise without them",
    )
    INDENTED_AFTER_DIGEST = (
        "indented-after-digest",
        "the message was digested without line breaks and indented afterwards",
        "never format a message after its digest was taken",
    )
    NOT_CANONICALISED = (
        "not-canonicalised",
        "the digest was taken over the bytes of the file and not over their canonical form",
        "canonicalise with Canonical XML 1.0 before taking the digest",
    )
    EXCLUSIVE_CANONICALISATION = (
        "exclusive-canonicalisation",
        "the digest was taken over the exclusive canonical form, and the method named is the inclusive one",
        "canonicalise with Canonical XML 1.0, inclusive",
    )
    OTHER_DIGEST_ALGORITHM = (
        "other-digest-algorithm",
        "the digest was taken with another algorithm than DigestMethod names",
        "let the name and the digest go together: SM3 with sm3, SHA-1 with sha1",
    )
    SIGNED_INFO_FORMATTED = (
        "signed-info-formatted",
        "SignedInfo was signed without line breaks and formatted afterwards",
        "put the text into the message exactly as it was signed",
    )
    SIGNED_INFO_FLATTENED = (
        "signed-info-flattened",
        "SignedInfo was signed with line breaks between its elements, and they are gone",
        "put the text into the message exactly as it was signed",
    )
    XSI_NOT_DECLARED = (
        "xsi-not-declared",
        "SignedInfo was signed with xmlns:xsi, which the message declares nowhere",
        "write the namespaces that were signed on SignedInfo",
    )
    NAMESPACES_NOT_SIGNED = (
        "namespaces-not-signed",
        "SignedInfo was signed with other namespace declarations than it has in its place",
        "sign SignedInfo with all namespaces in scope where it stands, in the order of their prefixes",
    )
    NEWLINE_SIGNED = (
        "newline-signed",
        "a newline at the end of the text was signed with it",
        "sign the text without a newline at its end",
    )
    EMPTY_TAGS_SIGNED = (
        "empty-tags-signed",
        "SignedInfo was signed with self-closing tags, which the canonical form has not",
        "write <a></a> and not <a/> in what is signed",
    )
    OTHER_ALGORITHM_NAMES = (
        "other-algorithm-names",
        "SignedInfo was signed with other algorithm names than stand in it now",
        "put the text into the message exactly as it was signed",
    )
    VALUE_IN_DER = (
        "value-in-der",
        "SignatureValue is an SM2 signature in DER, and not the 64 bytes r || s",
        "encode r and s with 32 bytes each",
    )
    SM3_WITHOUT_Z = (
        "sm3-without-z",
        "the SM2 signature was made over SM3 of the text alone, without the signer's Z",
        "digest Z and the text, with the user id 1234567812345678",
    )
    LIST_INSTEAD_OF_LISTS = (
        "list-instead-of-lists",
        "the text was signed with payExchangeInfoList as in the printed example, practice is payExchangeInfoLists",
        "name the member payExchangeInfoLists",
    )
    UNQUOTED_OBJECTS = (
        "unquoted-objects",
        "the text was signed as in the printed example: no quotes around the objects and the service time",
        'write "payExchangeInfoHead":"{...}", and the service time in quotes',
    )
    JSON_REWRITTEN = (
        "json-rewritten",
        "the text was signed with another spelling of the same JSON than was posted",
        "post the very text that was signed",
    )

    def __init__(self, label: str, happened: str, remedy: str) -> None:
        self.label = label
        self.happened = happened
        self.remedy = remedy
