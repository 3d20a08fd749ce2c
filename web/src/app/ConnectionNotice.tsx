import { useEffect, useState } from "preact/hooks";
import { connection } from "../inbox/live.ts";

const PATIENCE_MS = 700;

/** Says that what is on the screen may be old. A short hiccup is not worth a word. */
export function ConnectionNotice() {
  const isBroken = connection.value === "broken";
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (!isBroken) {
      setShown(false);
      return undefined;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isBroken]);
  return (
    <div class="connection" role="status" data-testid="connection-notice">
      {isShown && (
        <p>
          <span class="connection-dot" />
          Offline, reconnecting. What happens meanwhile appears as soon as the connection is back.
        </p>
      )}
    </div>
  );
}
