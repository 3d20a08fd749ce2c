import { useEffect, useRef, useState } from "preact/hooks";
import { sendVoice, type VoiceAttempt } from "../composer/send.ts";
import { newKey } from "../outcome.ts";
import type { Message, Thread } from "../documents.ts";
import { CloseIcon, MicrophoneIcon, SendIcon } from "../app/icons.tsx";

/** What browsers record, the one that phones play as it is first. */
const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const BITS_PER_SECOND = 32_000;

/** Whether this browser records at all; over plain HTTP from elsewhere it does not. */
export function mayRecord(): boolean {
  return "mediaDevices" in navigator && typeof MediaRecorder === "function";
}

/** Records from the moment it is shown until it is sent or thrown away. */
export function VoiceNote({
  thread,
  quoted,
  onDone,
}: {
  thread: Thread;
  quoted: Message | null;
  onDone: (wasSent: boolean) => void;
}) {
  const [seconds, setSeconds] = useState(0);
  const [isRecording, setRecording] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problems, setProblems] = useState<string[]>([]);
  const taking = useRef<Taking | null>(null);
  const attempt = useRef<VoiceAttempt | null>(null);
  const send = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    let isOver = false;
    void begin().then(
      (begun) => {
        if (isOver) return begun.end();
        taking.current = begun;
        setRecording(true);
      },
      () => !isOver && setProblems(["The microphone can't be used. Allow it for this page, then try again."]),
    );
    return () => {
      isOver = true;
      taking.current?.end();
    };
  }, []);
  useEffect(() => {
    if (!isRecording) return;
    send.current?.focus();
    const since = Date.now();
    const timer = setInterval(() => setSeconds(Math.floor((Date.now() - since) / 1000)), 250);
    return () => clearInterval(timer);
  }, [isRecording]);

  const deliver = async () => {
    if (!taking.current) return;
    setBusy(true);
    setRecording(false);
    setProblems([]);
    const recording = await taking.current.finished();
    const wanted = { threadId: thread.id, recording, replyToId: quoted?.id ?? null };
    attempt.current ??= { ...wanted, key: newKey(), uploaded: new Map() };
    const { problems: refused, isUnanswered } = await sendVoice(attempt.current);
    if (!isUnanswered) attempt.current = null;
    setBusy(false);
    setProblems(refused);
    if (refused.length === 0) onDone(true);
  };
  return (
    <div
      class="voice-note"
      role="group"
      aria-label="Voice message"
      data-testid="voice-note"
      onKeyDown={(event) => {
        if (event.key === "Escape") onDone(false);
      }}
    >
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem} data-testid="composer-problem">
            {problem}
          </p>
        ))}
      </div>
      <div class="composer-row">
        <button class="icon-button" type="button" aria-label="Throw the recording away" onClick={() => onDone(false)}>
          <CloseIcon />
        </button>
        <p class="voice-note-state">
          <span class={isRecording ? "voice-note-icon is-recording" : "voice-note-icon"}>
            <MicrophoneIcon />
          </span>
          <span role="status">{stateWord(isRecording, isBusy, taking.current !== null)}</span>
          <span role="timer" data-testid="voice-seconds">
            {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, "0")}
          </span>
        </p>
        <button
          ref={send}
          class="send"
          type="button"
          data-testid="send-voice"
          aria-label="Send the voice message"
          disabled={isBusy || taking.current === null}
          onClick={() => void deliver()}
        >
          <SendIcon />
        </button>
      </div>
    </div>
  );
}

function stateWord(isRecording: boolean, isBusy: boolean, hasBegun: boolean): string {
  if (isRecording) return "Recording";
  if (isBusy) return "Sending…";
  return hasBegun ? "Recorded" : "Waiting for the microphone";
}

interface Taking {
  /** Ends the recording; the same file each time it is asked. */
  finished: () => Promise<File>;
  /** Lets go of the microphone. */
  end: () => void;
}

async function begin(): Promise<Taking> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, { audioBitsPerSecond: BITS_PER_SECOND, ...(mimeType ? { mimeType } : {}) });
  const parts: Blob[] = [];
  const letGo = () => stream.getTracks().forEach((track) => track.stop());
  const stopped = new Promise<File>((resolve) => {
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      const type = recorder.mimeType.split(";", 1)[0] ?? "";
      letGo();
      resolve(new File(parts, "voice message", { type }));
    });
  });
  recorder.start();
  const stop = () => {
    if (recorder.state !== "inactive") recorder.stop();
  };
  return {
    finished: () => {
      stop();
      return stopped;
    },
    end: stop,
  };
}
