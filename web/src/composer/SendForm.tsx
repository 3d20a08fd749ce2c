import { useState } from "preact/hooks";
import type { Kind } from "./SendMore.tsx";
import { Field, Frame, told, type FormProps } from "./SendFrame.tsx";
import { QuestionForm } from "./QuestionForm.tsx";

/** What one of the kinds needs to be told, in place of the field. */
export function SendForm({ kind, ...props }: FormProps & { kind: Kind }) {
  switch (kind) {
    case "location":
      return <LocationForm {...props} />;
    case "contact":
      return <ContactForm {...props} />;
    case "question":
      return <QuestionForm {...props} />;
  }
}

function LocationForm(props: FormProps) {
  const [place, setPlace] = useState({ latitude: "", longitude: "", name: "", address: "" });
  const set = (changes: Partial<typeof place>) => setPlace({ ...place, ...changes });
  const content = () => ({
    location: {
      latitude: Number(place.latitude),
      longitude: Number(place.longitude),
      ...told("name", place.name),
      ...told("address", place.address),
    },
  });
  /** Maps copy both at once: "53.0793, 8.8017". */
  const onPaste = (event: ClipboardEvent) => {
    const both = /^\s*(-?\d+(?:\.\d+)?)\s*[,;]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(event.clipboardData?.getData("text") ?? "");
    if (!both) return;
    event.preventDefault();
    set({ latitude: both[1] ?? "", longitude: both[2] ?? "" });
  };
  return (
    <Frame {...props} title="A place" content={content}>
      <Field label="Latitude" type="number" min={-90} max={90} step="any" required value={place.latitude}
        onPaste={onPaste} onValue={(latitude) => set({ latitude })} />
      <Field label="Longitude" type="number" min={-180} max={180} step="any" required value={place.longitude}
        onPaste={onPaste} onValue={(longitude) => set({ longitude })} />
      <Field label="Name" optional value={place.name} onValue={(name) => set({ name })} />
      <Field label="Address" optional value={place.address} onValue={(address) => set({ address })} />
    </Frame>
  );
}

function ContactForm(props: FormProps) {
  const [card, setCard] = useState({ name: "", phone: "", email: "", organization: "" });
  const set = (changes: Partial<typeof card>) => setCard({ ...card, ...changes });
  const content = () => ({
    contacts: [
      {
        name: card.name.trim(),
        phones: card.phone.trim() === "" ? [] : [card.phone.trim()],
        ...(card.email.trim() === "" ? {} : { emails: [card.email.trim()] }),
        ...told("organization", card.organization),
      },
    ],
  });
  return (
    <Frame {...props} title="A contact card" content={content}>
      <Field label="Name" required value={card.name} onValue={(name) => set({ name })} />
      <Field label="Phone" type="tel" required={card.email.trim() === ""} value={card.phone}
        onValue={(phone) => set({ phone })} />
      <Field label="Mail" type="email" optional value={card.email} onValue={(email) => set({ email })} />
      <Field label="Works at" optional value={card.organization} onValue={(organization) => set({ organization })} />
    </Frame>
  );
}
