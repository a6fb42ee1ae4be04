"""The few sentences that must be there even when the domain has none for them: greeting, failure, masked numbers."""

from __future__ import annotations

from bot.answers import Words

# Each is the fallback of the response of the same name in bot/domain; the domain's words win.
LAST_RESORT: dict[str, Words] = {
    "utter_greeting": {
        "de": "Guten Tag. Ich beantworte Fragen zur Datenschutzerklärung und nehme Beschwerden und Anträge zu Ihren "
        "Daten auf. Bitte schicken Sie mir keine Ausweis-, Konto- oder Kartennummern.",
        "en": "Hello. I answer questions about the privacy statement and take down complaints and requests about your "
        "data. Please do not send me identity, account or card numbers.",
    },
    "utter_failure": {
        "de": "Das hat gerade nicht funktioniert. Bitte gehen Sie davon aus, dass nichts abgeschickt wurde, und "
        "versuchen Sie es in ein paar Minuten noch einmal. Sie erreichen die oder den Datenschutzbeauftragten auch "
        "direkt: [dpo@mimecast.com](mailto:dpo@mimecast.com).",
        "en": "That did not work just now. Please assume that nothing was sent, and try again in a few minutes. You "
        "can also reach the data protection officer directly: [dpo@mimecast.com](mailto:dpo@mimecast.com).",
    },
    "utter_masked": {
        "de": "Ihre Nachricht enthielt eine Nummer, die ich nicht brauche ({kinds}). Ich habe sie entfernt; sie wurde "
        "nirgends gespeichert. Bitte schicken Sie keine solchen Nummern.",
        "en": "Your message contained a number I do not need ({kinds}). I have removed it; it was not stored anywhere. "
        "Please do not send such numbers.",
    },
    "utter_default": {
        "de": "Dazu kann ich im Moment nichts sagen. Sie erreichen die oder den Datenschutzbeauftragten direkt: "
        "[dpo@mimecast.com](mailto:dpo@mimecast.com).",
        "en": "I cannot say anything about that at the moment. You can reach the data protection officer directly: "
        "[dpo@mimecast.com](mailto:dpo@mimecast.com).",
    },
}
