/** What stands in place of the views until the API has arrived. */
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Icon } from '../parts/icon.tsx'
import { retryNow, type SessionState, startSession } from '../session/session.ts'
import { SignIn } from './sign-in.tsx'

/** Draws it. */
export function StartView({ state }: { state: Exclude<SessionState, { kind: 'ready' }> }) {
  switch (state.kind) {
    case 'starting':
      return (
        <p class="loading" role="status">
          Loading the API
        </p>
      )
    case 'unreachable':
      return <Unreachable retryAtMs={state.retryAtMs} />
    case 'sign-in':
      return <SignInPage />
    case 'broken':
      return <Broken reason={state.reason} />
  }
}

function Unreachable({ retryAtMs }: { retryAtMs: number }) {
  const seconds = useSecondsUntil(retryAtMs)
  return (
    <EmptyState
      icon="plug"
      heading="h1"
      title="The server cannot be reached"
      actions={
        <Button kind="main" icon="refresh" onClick={retryNow}>
          Try again now
        </Button>
      }
    >
      <p>
        Nothing answers at <code>{location.host}</code>. Check that the server runs, and that a proxy or VPN in between
        lets requests through. This page goes on as soon as the server answers.
      </p>
      <p class="small number">{seconds > 0 ? `Next attempt in ${seconds} s` : 'Trying'}</p>
    </EmptyState>
  )
}

function useSecondsUntil(timeMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  return Math.max(0, Math.ceil((timeMs - nowMs) / 1000))
}

function SignInPage() {
  return (
    <div class="sign-in-page">
      <Icon name="key" />
      <h1>Sign in to see this API</h1>
      <p class="soft">This server shows its services only to callers that prove who they are.</p>
      <div class="card">
        <SignIn />
      </div>
    </div>
  )
}

function Broken({ reason }: { reason: string }) {
  return (
    <EmptyState
      icon="warning"
      heading="h1"
      title="The API cannot be shown"
      actions={
        <Button kind="main" icon="refresh" onClick={() => void startSession()}>
          Try again
        </Button>
      }
    >
      <p>The server answers, but with descriptors that this page cannot read.</p>
      <p>
        <code class="wrap" dir="auto">
          {reason}
        </code>
      </p>
    </EmptyState>
  )
}
