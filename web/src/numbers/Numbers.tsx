import { useEffect } from "preact/hooks";
import { isAdministrator, viewer } from "../inbox/inbox.ts";
import { numberAddress, place } from "../app/router.ts";
import { channelStateWord, limitWord, qualityWord, sentence, usedWord } from "../words.ts";
import { PhoneIcon, PlusIcon, WarningIcon } from "../app/icons.tsx";
import { isMendedByToken } from "./channels.ts";
import { followNumbers, numbers, problem, quota, type BusinessChannel } from "./numbers.ts";
import { MonthOfConversations } from "./Month.tsx";
import { NumberPage } from "./NumberPage.tsx";
import "./numbers.css";

export default function Numbers() {
  useEffect(followNumbers, []);
  const [id, part] = place.value;
  return (
    <main class="settings" id="settings" tabIndex={-1} data-testid="numbers">
      <div class="settings-page">
        {viewer.value !== null && !isAdministrator.value ? <NotYours /> : id === undefined ? <List /> : <One id={id} part={part} />}
      </div>
    </main>
  );
}

function NotYours() {
  return (
    <div class="blank muted">
      <h2>Numbers are looked after by administrators</h2>
      <a class="button" href="#/">
        Back to the inbox
      </a>
    </div>
  );
}

function List() {
  const known = numbers.value;
  return (
    <>
      <div class="settings-head">
        <h2>Numbers</h2>
        {known !== null && known.length > 0 && (
          <a class="button button-primary" href="#/connect" data-testid="connect-number">
            <PlusIcon /> Connect a number
          </a>
        )}
      </div>
      <Trouble />
      {known?.length === 0 && <NoNumbers />}
      {known !== null && known.length > 0 && (
        <ul class="number-list">
          {known.map((channel) => (
            <NumberCard key={channel.id} channel={channel} />
          ))}
        </ul>
      )}
      {quota.value && <MonthOfConversations quota={quota.value} />}
    </>
  );
}

function One({ id, part }: { id: string; part: string | undefined }) {
  const channel = numbers.value?.find((each) => each.id === id);
  return (
    <>
      <a class="settings-back" href="#/numbers">
        ‹ Numbers
      </a>
      <Trouble />
      {channel && <NumberPage key={channel.id} channel={channel} wantsToken={part === "token"} />}
      {numbers.value !== null && !channel && <p class="muted">This number isn't there.</p>}
    </>
  );
}

function Trouble() {
  return (
    <div role="alert">
      {problem.value && <p class="problem">{problem.value}</p>}
      {numbers.value === null && !problem.value && <p class="muted">Loading…</p>}
    </div>
  );
}

function NoNumbers() {
  return (
    <div class="card blank">
      <PhoneIcon />
      <h3>No number is connected yet</h3>
      <p class="muted">Connect a WhatsApp business number, and what people write to it appears in the inbox.</p>
      <a class="button button-primary" href="#/connect" data-testid="connect-number">
        Connect a number
      </a>
    </div>
  );
}

function NumberCard({ channel }: { channel: BusinessChannel }) {
  const { health, dailyAllowance: day } = channel;
  const [first, ...others] = health.problems;
  return (
    <li class="card number-card" data-testid="number-card">
      <div class="number-card-head">
        <h3>
          <a href={numberAddress(channel.id)} dir="auto">
            {channel.name}
          </a>
        </h3>
        <StateChip channel={channel} />
        <span class="muted number">{channel.phoneNumber}</span>
      </div>
      {channel.state !== "DISCONNECTED" && (
        <dl class="facts">
          <div>
            <dt>Quality</dt>
            <dd>
              <QualityMark rating={health.qualityRating} />
            </dd>
          </div>
          <div>
            <dt>Network's limit</dt>
            <dd>{limitWord(health.messagingLimit)}</dd>
          </div>
          <div>
            <dt>Begun in the last 24 hours</dt>
            <dd>{usedWord(day.used, day.limit)}</dd>
          </div>
        </dl>
      )}
      {first && channel.state !== "DISCONNECTED" && (
        <p class="number-card-problem">
          <WarningIcon />
          <span>
            {sentence(first.message)}
            {others.length > 0 && ` And ${others.length} more.`}{" "}
            <a href={numberAddress(channel.id, isMendedByToken(first) ? "token" : "")}>
              Mend it<span class="visually-hidden">: {channel.name}</span>
            </a>
          </span>
        </p>
      )}
    </li>
  );
}

export function StateChip({ channel }: { channel: BusinessChannel }) {
  return (
    <span class={`chip channel-${channel.state.toLowerCase()}`} data-testid="number-state">
      {channelStateWord(channel.state)}
    </span>
  );
}

export function QualityMark({ rating }: { rating: string }) {
  return (
    <span class={`quality quality-${rating.toLowerCase()}`}>
      <span class="quality-dot" aria-hidden="true" />
      {qualityWord(rating)}
    </span>
  );
}
