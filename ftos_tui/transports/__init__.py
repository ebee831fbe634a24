"""The ways out: SMTP, SendGrid's Web API and HTTP templates; each turns one message into one outcome."""
