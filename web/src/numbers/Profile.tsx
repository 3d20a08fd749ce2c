import { useState } from "preact/hooks";
import { Field } from "../app/Field.tsx";
import { TradeSelect } from "../app/TradeSelect.tsx";
import { tradeWord } from "../words.ts";
import { ChangeForm } from "./ChangeForm.tsx";
import { Fact, Section } from "./NumberPage.tsx";
import type { BusinessChannel, Change } from "./numbers.ts";

interface Props {
  channel: BusinessChannel;
  profile: NonNullable<BusinessChannel["profile"]>;
}

/** What people see of the business, and changing it there. */
export function Profile({ channel, profile }: Props) {
  const [isChanging, setChanging] = useState(false);
  const empty = <span class="muted">Not set</span>;
  return (
    <Section title="What people see in WhatsApp">
      {!isChanging && (
        <dl class="facts">
          <Fact name="Display name">
            <span dir="auto">{profile.displayName}</span>
            {profile.displayNameDiffers && <small class="muted">differs from your organization's legal name</small>}
          </Fact>
          <Fact name="Trade">{profile.category ? tradeWord(profile.category) : empty}</Fact>
          <Fact name="About">{profile.about ? <span dir="auto">{profile.about}</span> : empty}</Fact>
          <Fact name="Email">{profile.email ?? empty}</Fact>
          <Fact name="Websites">{profile.websites.length > 0 ? profile.websites.join(", ") : empty}</Fact>
          <Fact name="Address">{profile.address ? <span dir="auto">{profile.address}</span> : empty}</Fact>
        </dl>
      )}
      {isChanging ? (
        <Changing channel={channel} profile={profile} onDone={() => setChanging(false)} />
      ) : (
        <>
          {profile.description && <p dir="auto">{profile.description}</p>}
          <button class="button" type="button" data-testid="change-profile" onClick={() => setChanging(true)}>
            Change it
          </button>
        </>
      )}
    </Section>
  );
}

function Changing({ channel, profile, onDone }: Props & { onDone: () => void }) {
  const [displayName, setDisplayName] = useState(profile.displayName);
  const [category, setCategory] = useState(profile.category ?? "");
  const [about, setAbout] = useState(profile.about ?? "");
  const [description, setDescription] = useState(profile.description ?? "");
  const [email, setEmail] = useState(profile.email ?? "");
  const [websites, setWebsites] = useState(profile.websites.join(" "));
  const [address, setAddress] = useState(profile.address ?? "");
  const wanted = {
    ...otherwise("displayName", displayName, profile.displayName),
    ...otherwise("category", category, profile.category),
    ...otherwise("about", about, profile.about),
    ...otherwise("description", description, profile.description),
    ...otherwise("email", email, profile.email),
    ...otherwise("address", address, profile.address),
    ...(websites.trim() === profile.websites.join(" ") ? {} : { websites: websites.split(/[\s,]+/).filter(Boolean) }),
  };
  const change: Change = Object.keys(wanted).length === 0 ? {} : { profile: wanted };
  return (
    <ChangeForm channel={channel} title="Profile" change={change} onSaved={onDone} onCancel={onDone}>
      <Field
        label="Display name"
        hint="WhatsApp reviews a new one; until it is approved, people see the old one"
        maxLength={200}
        value={displayName}
        onValue={setDisplayName}
      />
      <TradeSelect value={category} onValue={setCategory} />
      <Field label="About" maxLength={139} value={about} onValue={setAbout} />
      <Field label="Description" maxLength={512} value={description} onValue={setDescription} />
      <Field label="Email" type="email" maxLength={128} value={email} onValue={setEmail} />
      <Field
        label="Websites"
        hint="At most two, each beginning with https://"
        value={websites}
        onValue={setWebsites}
      />
      <Field label="Address" maxLength={256} value={address} onValue={setAddress} />
    </ChangeForm>
  );
}

/** The field where it was changed. */
function otherwise<N extends string>(name: N, value: string, before: string | null): Partial<Record<N, string>> {
  return value.trim() === (before ?? "") ? {} : ({ [name]: value.trim() } as Record<N, string>);
}
