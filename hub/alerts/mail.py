"""Sends a letter: one connection, one message. The only importer of smtplib; it decides nothing."""

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from hub.config import MailConfig
from hub.routing.outside import OutsideError

LIMIT_S: Final = 15.0  # for each step of it
FINAL_FROM: Final = (
    500  # replies from which on trying again is of no use before somebody has mended something
)


def send(mail: MailConfig, *, to: str, subject: str, text: str, message_id: str, utc_us: int) -> None:
    """Hand a letter to the mail server; blocks. Raises OutsideError."""
    where = f"mail server {mail.host} port {mail.port}"
    try:
        trust = None if mail.tls == "none" else ssl.create_default_context(cafile=mail.ca_path)
        with _connect(mail, trust) as server:
            if mail.tls == "starttls" and trust is not None:
                server.starttls(context=trust)
            if mail.user:
                server.login(mail.user, mail.password.decode())
            server.send_message(_message(mail, to, subject, text, message_id, utc_us))
    except ssl.SSLCertVerificationError as error:
        cure = "name its authority as mail.ca_file"
        raise OutsideError(
            f"{where}: its certificate is not trusted ({error.verify_message}): {cure}"
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        raise OutsideError(
            f"{where}: refuses {mail.user} ({error.smtp_code}): is the password right?"
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()), (0, b""))
        raise OutsideError(
            f"{where}: refuses {to} ({code} {said.decode(errors='replace')[:120]})",
            is_final=code >= FINAL_FROM,
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise OutsideError(f"{where}: {error}: is mail.tls right?") from error
    except smtplib.SMTPException as error:
        raise OutsideError(f"{where}: {str(error)[:160] or type(error).__name__}") from error
    except (OSError, UnicodeError) as error:
        raise OutsideError(f"{where}: cannot be reached ({error}): is it running?") from error


def _connect(mail: MailConfig, trust: ssl.SSLContext | None) -> smtplib.SMTP:
    if mail.tls == "tls" and trust is not None:
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=LIMIT_S, context=trust)
    return smtplib.SMTP(mail.host, mail.port, timeout=LIMIT_S)


def _message(
    mail: MailConfig, to: str, subject: str, text: str, message_id: str, utc_us: int
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mail.sender, to, subject
    message["Date"] = format_datetime(datetime.fromtimestamp(utc_us / 1e6, UTC))
    message["Message-ID"] = f"<{message_id}@{mail.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # nobody's absence is to answer it
    message.set_content(text)
    return message
