import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

interface Props<Given extends object> {
  /** Loads the screen; its component is the default export. */
  screen: () => Promise<{ default: ComponentType<Given> }>;
  given: Given;
  /** What is seen meanwhile, and where it fails: `null` for nothing. */
  waiting?: (hasFailed: boolean) => ComponentChildren;
}

/** A screen that is loaded when somebody goes there. */
export function Lazily<Given extends object>({ screen, given, waiting = wholeScreen }: Props<Given>) {
  const [Loaded, setLoaded] = useState<ComponentType<Given> | null>(null);
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
  if (Loaded) return <Loaded {...given} />;
  return <>{waiting(hasFailed)}</>;
}

function wholeScreen(hasFailed: boolean) {
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
