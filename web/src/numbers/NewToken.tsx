import { useEffect, useRef, useState } from "preact/hooks";
import { isMendedByToken } from "./channels.ts";
import type { BusinessChannel } from "./numbers.ts";
import { ChangeForm } from "./ChangeForm.tsx";

/** A new token in place of one that died; there is nothing else to do here, so one paste and one save mend it. */
export function NewToken({ channel, isWanted }: { channel: BusinessChannel; isWanted: boolean }) {
  const [accessToken, setToken] = useState("");
  const [isOpen, setOpen] = useState(isWanted || channel.health.problems.some(isMendedByToken));
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isWanted) setOpen(true);
  }, [isWanted]);
  useEffect(() => {
    if (isWanted && isOpen) field.current?.focus();
  }, [isWanted, isOpen]);
  return (
    <details
      class="card"
      open={isOpen}
      data-testid="new-token"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <h3>New access token</h3>
      </summary>
      <ChangeForm
        channel={channel}
        title="New access token"
        change={accessToken.trim() === "" ? {} : { accessToken }}
        saved="The new token works."
        onSaved={() => setToken("")}
      >
        <p class="muted">
          In Meta's business settings, under <em>Users › System users</em>, choose the system user that has this account,
          then <em>Generate token</em>: expiration <em>Never</em>, permissions whatsapp_business_management and
          whatsapp_business_messaging. Paste it here.
        </p>
        <label class="field">
          <span>Access token</span>
          <input
            ref={field}
            type="password"
            autocomplete="off"
            spellcheck={false}
            data-testid="new-token-field"
            value={accessToken}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
      </ChangeForm>
    </details>
  );
}
