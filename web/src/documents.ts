/** Everything the page asks of the API, a file a screen in `documents/`, and the shapes that come back. */

import type { ChannelsQuery, LibraryQuery, TemplatesQuery } from "./documents/composing.ts";
import type { InboxEventsSubscription, InboxQuery, UsersQuery } from "./documents/inbox.ts";
import type { ContentParts, MediaParts, MessageParts, SenderParts, ThreadParts } from "./documents/parts.ts";
import type { ResultOf } from "./graphql.ts";

// Documents of screens that are loaded when asked for are imported from their own files, so as to be loaded then too.
export * from "./documents/access.ts";
export * from "./documents/composing.ts";
export * from "./documents/conversation.ts";
export * from "./documents/inbox.ts";

export type Viewer = ResultOf<typeof InboxQuery>["viewer"];
export type Thread = ResultOf<typeof ThreadParts>;
export type Message = ResultOf<typeof MessageParts>;
export type Content = ResultOf<typeof ContentParts>;
export type Media = ResultOf<typeof MediaParts>;
export type Version = { until: string; content: Content };
export type Sender = ResultOf<typeof SenderParts>;
export type User = ResultOf<typeof UsersQuery>["users"]["nodes"][number];
export type Channel = ResultOf<typeof ChannelsQuery>["channels"][number];
export type Problem = Channel["health"]["problems"][number];
export type LibraryItem = ResultOf<typeof LibraryQuery>["library"]["nodes"][number];
export type Template = ResultOf<typeof TemplatesQuery>["templates"]["nodes"][number];
export type InboxEvent = ResultOf<typeof InboxEventsSubscription>["inboxEvents"];
