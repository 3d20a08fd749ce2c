import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { ask, explain } from "../api.ts";
import { ChannelDisconnectMutation } from "../documents/numbers.ts";
import { dateAndTime } from "../time.ts";
import { destinationWord, limitWord, usedWord } from "../words.ts";
import { isMendedByToken } from "./channels.ts";
import { keepNumber, type BusinessChannel } from "./numbers.ts";
import { NewToken } from "./NewToken.tsx";
import { Profile } from "./Profile.tsx";
import { QualityMark, StateChip } from "./Numbers.tsx";
import { Policy } from "./Policy.tsx";

interface Props {
  channel: BusinessChannel;
}

/** One number: what is wrong and how to mend it, how it stands, and what is set for it. */
export function NumberPage({ channel, wantsToken }: Props & { wantsToken: boolean }) {
  const isGone = channel.state === "DISCONNECTED";
  const newToken = <NewToken key="token" channel={channel} isWanted={wantsToken} />;
  // It stays where it was once it has been of use, so that what it says is read.
  const isTokenFirst = useRef(false);
  isTokenFirst.current ||= wantsToken || channel.health.problems.some(isMendedByToken);
  return (
    <>
      <div class="settings-head">
        <h2 dir="auto">{channel.name}</h2>
        <StateChip channel={channel} />
        <span class="muted number">{channel.phoneNumber}</span>
      </div>
      {isGone ? (
        <Section title="This number is disconnected">
          <p>Nothing comes in or goes out. What was said stays readable, and connecting it again goes on from there.</p>
          <a class="button button-primary" href="#/connect">
            Connect it again
          </a>
        </Section>
      ) : (
        <>
          <Problems channel={channel} />
          {isTokenFirst.current && newToken}
          <Standing channel={channel} />
          {channel.profile && <Profile channel={channel} profile={channel.profile} />}
          <Policy channel={channel} />
          {!isTokenFirst.current && newToken}
          <Disconnecting channel={channel} />
        </>
      )}
    </>
  );
}

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="card">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Problems({ channel }: Props) {
  const { problems } = channel.health;
  if (problems.length === 0) return null;
  return (
    <section class="card card-problem" data-testid="number-problems">
      <h3>{problems.length === 1 ? "A problem" : `${problems.length} problems`}</h3>
      <ul>
        {problems.map((problem) => (
          <li key={problem.code}>
            <strong>{problem.message}</strong>
            <p>{problem.hint}</p>
            <p class="muted">
              Since {dateAndTime(problem.since)}.
              {problem.expiresAt !== null && ` It ends by itself: ${dateAndTime(problem.expiresAt)}.`}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Standing({ channel }: Props) {
  const { health, dailyAllowance: day, termsAccepted: terms } = channel;
  return (
    <Section title="How it stands">
      <dl class="facts">
        <Fact name="Quality">
          <QualityMark rating={health.qualityRating} />
        </Fact>
        <Fact name="Network's limit">{limitWord(health.messagingLimit)}</Fact>
        <Fact name="Begun in the last 24 hours">
          {usedWord(day.used, day.limit)}
          {day.used > 0 && day.limit !== null && <small class="muted">fewer from {dateAndTime(day.resetsAt)}</small>}
        </Fact>
        <Fact name="Messages a second">{health.throughputPerSecond ?? "Not told"}</Fact>
        <Fact name="Business">{health.businessVerified ? "Verified by Meta" : "Not verified by Meta yet"}</Fact>
        <Fact name="Token">{health.tokenValid ? "Works" : "Does not work"}</Fact>
        <Fact name="Messages reach this server">{health.webhookSubscribed ? "Yes" : "No"}</Fact>
        <Fact name="Last heard from">
          {health.lastInboundAt === null ? "Never" : dateAndTime(health.lastInboundAt)}
        </Fact>
        <Fact name="Belongs to">{destinationWord(channel.destination)}</Fact>
        <Fact name="Connected">{channel.connectedAt === null ? "Never" : dateAndTime(channel.connectedAt)}</Fact>
        {terms && (
          <Fact name="Terms">
            {terms.version}, agreed to by {terms.by.displayName}
          </Fact>
        )}
      </dl>
      {health.missingPermissions.length > 0 && (
        <p class="problem">The token lacks {health.missingPermissions.join(" and ")}.</p>
      )}
    </Section>
  );
}

function Disconnecting({ channel }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const disconnect = async () => {
    setBusy(true);
    try {
      const { channelDisconnect } = await ask(ChannelDisconnectMutation, { channelId: channel.id });
      setProblems(channelDisconnect.userErrors.map((error) => error.message));
      if (channelDisconnect.channel) {
        dialog.current?.close();
        keepNumber(channelDisconnect.channel);
      }
    } catch (error) {
      setProblems([explain(error)]);
    }
    setBusy(false);
  };
  return (
    <Section title="Disconnect">
      <p class="muted">
        Nothing comes in or goes out any more and the token is forgotten. What was said stays readable.
      </p>
      <button
        class="button button-danger"
        type="button"
        data-testid="disconnect"
        onClick={() => dialog.current?.showModal()}
      >
        Disconnect this number
      </button>
      <dialog ref={dialog} class="beginning" aria-labelledby="disconnect-title" data-testid="disconnect-dialog">
        <h2 id="disconnect-title">Disconnect {channel.name}?</h2>
        <p>
          People who write to {channel.phoneNumber} are not heard here any more, and nobody can answer them, until it is
          connected again.
        </p>
        <div role="alert">
          {problems.map((problem) => (
            <p class="problem" key={problem}>
              {problem}
            </p>
          ))}
        </div>
        <div class="dialog-foot">
          <button class="button" type="button" onClick={() => dialog.current?.close()}>
            Keep it connected
          </button>
          <button
            class="button button-danger-strong"
            type="button"
            disabled={isBusy}
            data-testid="disconnect-really"
            onClick={() => void disconnect()}
          >
            {isBusy ? "Disconnecting…" : "Disconnect"}
          </button>
        </div>
      </dialog>
    </Section>
  );
}
