import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

interface Props {
  /** Loads the screen; its component is the default export. */
  screen: () => Promise<{ default: ComponentType }>;
}

/** A screen that is loaded when somebody goes there. */
export function Lazily({ screen }: Props) {
  const [Loaded, setLoaded] = useState<ComponentType | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isStale = false;
    screen().then(
      (module) => !isStale && setLoaded(() => module.default),
      () => !isStale && setFailed(true),
    );
    return () => {
      isStale = true;
    };
  }, []);
  if (Loaded) return <Loaded />;
  return (
    <main class="blank muted" aria-busy={!hasFailed}>
      {hasFailed ? (
        <div role="alert">
          <p>This screen could not be loaded. The server may have been updated meanwhile.</p>
          <button class="button" type="button" onClick={() => location.reload()}>
            Load the page again
          </button>
        </div>
      ) : (
        <p>Loading…</p>
      )}
    </main>
  );
}
