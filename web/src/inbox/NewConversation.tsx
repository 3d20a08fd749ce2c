import { useEffect, useRef, useState } from "preact/hooks";
import { begin, foresee } from "../composer/send.ts";
import { ask, explain } from "../api.ts";
import { ChannelsQuery, type Channel } from "../documents.ts";
import { threadAddress } from "../app/router.ts";
import { CloseIcon, PlusIcon } from "../app/icons.tsx";
import { TemplateChooser } from "../composer/TemplatePicker.tsx";

/** Begins a conversation with a number that need never have written; only a template can be the first word. */
export function NewConversation() {
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  return (
    <>
      <button
        ref={opener}
        class="icon-button"
        type="button"
        aria-label="New conversation"
        title="New conversation"
        data-testid="new-conversation"
        onClick={() => setOpen(true)}
      >
        <PlusIcon />
      </button>
      {isOpen && <Beginning onClose={close} />}
    </>
  );
}

function Beginning({ onClose }: { onClose: () => void }) {
  const [channels, setChannels] = useState<readonly Channel[] | null>(null);
  const [channelId, setChannelId] = useState("");
  const [phoneNumber, setPhoneNumber] = useState("");
  const [problem, setProblem] = useState("");
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let isStale = false;
    ask(ChannelsQuery, {}).then(
      ({ channels: all }) => {
        if (isStale) return;
        const usable = all.filter(({ state }) => state === "CONNECTED" || state === "DEGRADED");
        setChannels(usable);
        setChannelId(usable[0]?.id ?? "");
      },
      (error: unknown) => !isStale && setProblem(explain(error)),
    );
    return () => {
      isStale = true;
    };
  }, []);

  const beginning = { channelId, phoneNumber: phoneNumber.trim() };
  return (
    <dialog ref={dialog} class="beginning" aria-labelledby="beginning-title" data-testid="beginning" onClose={onClose}>
      <div class="beginning-head">
        <h2 id="beginning-title">New conversation</h2>
        <button class="icon-button" type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </button>
      </div>
      <div role="alert">{problem && <p class="problem">{problem}</p>}</div>
      {channels?.length === 0 && <p class="muted">No number is connected.</p>}
      {channels !== null && channels.length > 1 && (
        <label class="field">
          <span>From</span>
          <select value={channelId} onChange={(event) => setChannelId(event.currentTarget.value)}>
            {channels.map((channel) => (
              <option key={channel.id} value={channel.id}>
                {channel.name} ({channel.phoneNumber})
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="field">
        <span>To</span>
        <input
          type="tel"
          autocomplete="off"
          placeholder="+1 650 555 1234"
          data-testid="beginning-number"
          value={phoneNumber}
          onInput={(event) => setPhoneNumber(event.currentTarget.value)}
        />
      </label>
      {channelId !== "" && (
        <TemplateChooser
          channelId={channelId}
          destination={{
            to: `${channelId} ${beginning.phoneNumber}`,
            foresee: (filled) => foresee({ start: { ...beginning, ...filled } }),
            send: async (filled, key) => {
              const outcome = await begin(beginning, filled, key);
              if (outcome.threadId !== null) {
                location.hash = threadAddress(outcome.threadId);
                dialog.current?.close();
              }
              return outcome;
            },
          }}
        />
      )}
    </dialog>
  );
}
