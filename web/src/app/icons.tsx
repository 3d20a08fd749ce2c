/** Line icons, drawn for this page. They are decoration: whoever uses one says in words what it means. */

import type { ComponentChildren } from "preact";

function Icon({ children, size = 20 }: { children: ComponentChildren; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const LogoIcon = () => (
  <svg class="logo" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect class="logo-tile" width="32" height="32" rx="9" />
    <path
      class="logo-bubble"
      d="M8 10.5A2.5 2.5 0 0 1 10.5 8h11a2.5 2.5 0 0 1 2.5 2.5v7a2.5 2.5 0 0 1-2.5 2.5H15l-4.6 4v-4A2.5 2.5 0 0 1 8 17.5z"
    />
    <path class="logo-lines" d="M12 12.6h8M12 15.8h5" />
  </svg>
);

export const SendIcon = () => (
  <Icon>
    <path d="M5 12h13M12.5 6l6 6-6 6" />
  </Icon>
);

export const BackIcon = () => (
  <Icon>
    <path d="M15 5l-7 7 7 7" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon size={16}>
    <path d="M6 6l12 12M18 6L6 18" />
  </Icon>
);

export const ReplyIcon = () => (
  <Icon size={16}>
    <path d="M9 7L4 12l5 5M4 12h9a6 6 0 0 1 6 6v1" />
  </Icon>
);

export const SmileIcon = () => (
  <Icon size={16}>
    <circle cx="12" cy="12" r="9" />
    <path d="M8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5v.01M15 9.5v.01" />
  </Icon>
);

export const DownIcon = () => (
  <Icon size={18}>
    <path d="M12 5v14M6 13l6 6 6-6" />
  </Icon>
);

export const PhoneIcon = () => (
  <Icon size={18}>
    <rect x="7" y="3" width="10" height="18" rx="2.5" />
    <path d="M11 17.8h2" />
  </Icon>
);

export const InboxIcon = () => (
  <Icon size={18}>
    <path d="M4 13l2.5-8h11L20 13v5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18z" />
    <path d="M4 13h4.5l1.2 2.5h4.6l1.2-2.5H20" />
  </Icon>
);

export const AttachmentIcon = () => (
  <Icon>
    <path d="M19 11.5l-7.4 7.4a4.6 4.6 0 0 1-6.5-6.5l7.8-7.8" />
    <path d="M12.9 4.6a3.1 3.1 0 0 1 4.4 4.4l-7.6 7.6a1.5 1.5 0 0 1-2.2-2.2l6.9-6.9" />
  </Icon>
);

export const LibraryIcon = () => (
  <Icon>
    <path d="M5 4.5h3.5v15H5zM8.5 4.5H12v15H8.5z" />
    <path d="M13.6 5.6l3.3-.9 3.1 14-3.3.9z" />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M12 5v14M5 12h14" />
  </Icon>
);

export const MicrophoneIcon = () => (
  <Icon>
    <rect x="9" y="3.5" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.8" />
  </Icon>
);

export const PersonIcon = () => (
  <Icon>
    <circle cx="12" cy="8.2" r="3.7" />
    <path d="M4.8 20a7.2 7.2 0 0 1 14.4 0" />
  </Icon>
);

export const PinIcon = () => (
  <Icon>
    <path d="M12 21s-7-6.2-7-11.2a7 7 0 0 1 14 0C19 14.8 12 21 12 21z" />
    <circle cx="12" cy="9.8" r="2.5" />
  </Icon>
);

export const BasketIcon = () => (
  <Icon>
    <path d="M4 9h16l-1.8 9.2a1.5 1.5 0 0 1-1.5 1.3H7.3a1.5 1.5 0 0 1-1.5-1.3zM8.5 9L11 4M15.5 9L13 4" />
  </Icon>
);

export const ListIcon = () => (
  <Icon size={14}>
    <path d="M9 7h11M9 12h11M9 17h11M4.5 7v.01M4.5 12v.01M4.5 17v.01" />
  </Icon>
);

export const RemovedIcon = () => (
  <Icon size={16}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M6 18L18 6" />
  </Icon>
);

export const NoticeIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 8v5M12 16v.01" />
  </Icon>
);

export const TemplateIcon = () => (
  <Icon size={14}>
    <rect x="4" y="4" width="16" height="16" rx="3" />
    <path d="M8 9h8M8 13h8M8 17h4" />
  </Icon>
);

export const ClockIcon = ({ size = 16 }: { size?: number }) => (
  <Icon size={size}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.5V12l3 2" />
  </Icon>
);

export const QuestionIcon = () => (
  <Icon size={16}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M9.8 9.6a2.3 2.3 0 1 1 3.3 2.1c-.8.4-1.1.9-1.1 1.6M12 16.3v.01" />
  </Icon>
);

export const WarningIcon = () => (
  <Icon size={16}>
    <path d="M12 4l9 16H3zM12 10v4M12 17v.01" />
  </Icon>
);

export const TickIcon = () => (
  <Icon size={16}>
    <path d="M5.5 12.5l4.2 4.2L18.5 8" />
  </Icon>
);

export const DoubleTickIcon = () => (
  <Icon size={18}>
    <path d="M2.5 12.5l4.2 4.2L15.5 8M11.5 15.5l1.2 1.2L21.5 8" />
  </Icon>
);

export const ChatSourceIcon = () => (
  <Icon size={12}>
    <path d="M12 3.5a8.5 8.5 0 0 0-7.3 12.8L3.5 20.5l4.2-1.2A8.5 8.5 0 1 0 12 3.5z" />
    <path d="M9 8.8c0 3.4 2.8 6.2 6.2 6.2" />
  </Icon>
);

export const EmailSourceIcon = () => (
  <Icon size={12}>
    <rect x="3" y="5" width="18" height="14" rx="2.5" />
    <path d="M4 7.5l8 6 8-6" />
  </Icon>
);

export const CallSourceIcon = () => (
  <Icon size={12}>
    <path d="M6 3.5h3l1.5 4-2 1.5a12 12 0 0 0 6.5 6.5l1.5-2 4 1.5v3a2 2 0 0 1-2 2" />
    <path d="M18.5 20A16.5 16.5 0 0 1 4 5.5a2 2 0 0 1 2-2" />
  </Icon>
);
