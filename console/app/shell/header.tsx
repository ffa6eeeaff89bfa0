/** The header: what server this is, whether it is there, and what holds for the whole page. */
import { Badge } from '../parts/badge.tsx'
import { Button } from '../parts/button.tsx'
import { Icon } from '../parts/icon.tsx'
import { linkTo } from '../route/route.ts'
import { hasCredentials } from '../session/credentials.ts'
import { facts } from '../session/facts.ts'
import { connection } from '../session/session.ts'
import { isSignInOpen } from '../session/sign-in-dialog.ts'
import { isDrawerOpen, isSearchOpen } from './open-dialogs.ts'
import { SEARCH_KEYS } from './search-keys.ts'
import { ThemeButton } from './theme-button.tsx'

/** Draws the header. */
export function Header() {
  const { title = 'Console', version = '' } = facts.value ?? {}
  return (
    <header class="header">
      <Button
        kind="quiet"
        icon="menu"
        label="Navigation"
        class="only-narrow"
        onClick={() => {
          isDrawerOpen.value = true
        }}
      />
      <a class="brand" href={linkTo('overview')}>
        <BrandMark />
        <span class="brand-name" dir="auto">
          {title}
        </span>
        {version !== '' && <span class="brand-version">Portico {version}</span>}
      </a>
      <ConnectionBadge />
      <div class="header-end">
        <SearchButton />
        <ThemeButton />
        <SignInButton />
      </div>
    </header>
  )
}

function BrandMark() {
  return (
    <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#1d4fbf" />
      <path d="M16 5 27 11.5H5zM7.5 14h3v9h-3zM14.5 14h3v9h-3zM21.5 14h3v9h-3zM5.5 24.5h21v2.5h-21z" fill="#fff" />
    </svg>
  )
}

const CONNECTIONS = {
  connecting: { tone: 'warn', dot: 'moving', text: 'Connecting' },
  connected: { tone: 'good', dot: 'still', text: 'Connected' },
  lost: { tone: 'bad', dot: 'moving', text: 'Server unreachable' },
} as const

function ConnectionBadge() {
  const { tone, dot, text } = CONNECTIONS[connection.value]
  return (
    <span role="status">
      <Badge tone={tone} dot={dot} class="connection" title={text}>
        <span class="connection-text">{text}</span>
      </Badge>
    </span>
  )
}

function SearchButton() {
  return (
    <button
      type="button"
      class="button search-button"
      aria-keyshortcuts="Control+K Meta+K"
      onClick={() => {
        isSearchOpen.value = true
      }}
    >
      <Icon name="search" />
      <span class="search-button-text">Search</span>
      <span class="kbd" aria-hidden="true">
        {SEARCH_KEYS}
      </span>
    </button>
  )
}

/** Only where there is something to sign in to. */
function SignInButton() {
  const current = facts.value
  if (current === null) return null
  const isOffered = current.needsCredentials || Object.keys(current.schemes).length > 0 || hasCredentials.value
  if (!isOffered) return null
  const label = hasCredentials.value ? 'Credentials' : 'Sign in'
  return (
    <Button
      kind={hasCredentials.value ? 'quiet' : 'plain'}
      icon="key"
      title={label}
      onClick={() => {
        isSignInOpen.value = true
      }}
    >
      <span class="sign-in-text">{label}</span>
    </Button>
  )
}
