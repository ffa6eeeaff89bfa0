/** The buttons that start, feed and end a call. */
import { Button } from '../parts/button.tsx'
import { Notice } from '../parts/notice.tsx'
import type { CallSession } from './call-session.ts'
import { takesOneRequest } from './engine/method-kind.ts'
import { SaveButtons } from './save-buttons.tsx'

/** Draws the buttons, and why the call cannot be made. */
export function SendBar({ session }: { session: CallSession }) {
  const { form } = session
  const [fault] = form.faults.value
  const shown = session.fault.value ?? fault ?? null
  return (
    <div class="stack is-tight">
      <div class="row">
        {takesOneRequest(form.method) ? <OneRequest session={session} /> : <ManyRequests session={session} />}
        <span class="call-spacer" />
        <SaveButtons form={form} />
      </div>
      {shown !== null && <Notice tone="bad">{shown}</Notice>}
    </div>
  )
}

function OneRequest({ session }: { session: CallSession }) {
  const isRunning = stateOf(session) !== 'ended'
  return (
    <>
      <Button
        kind="main"
        icon="send"
        isDisabled={isRunning || !canSend(session)}
        title="Ctrl+Enter"
        onClick={() => void session.sendDraft()}
      >
        Send
      </Button>
      {isRunning && <CancelButton session={session} />}
    </>
  )
}

function ManyRequests({ session }: { session: CallSession }) {
  const state = stateOf(session)
  return (
    <>
      <Button
        kind="main"
        icon="send"
        isDisabled={state === 'half-closed' || !canSend(session)}
        title="Ctrl+Enter"
        onClick={() => void session.sendDraft()}
      >
        {state === 'ended' ? 'Start and send' : 'Send message'}
      </Button>
      {state === 'ended' && (
        <Button isDisabled={session.form.faults.value.length > 0} onClick={() => void session.openStream()}>
          Start only
        </Button>
      )}
      {state === 'open' && (
        <Button
          title="Tells the server that no more messages will be sent"
          onClick={() => session.call.peek()?.halfClose()}
        >
          Half-close
        </Button>
      )}
      {state !== 'ended' && <CancelButton session={session} />}
    </>
  )
}

function CancelButton({ session }: { session: CallSession }) {
  return (
    <Button kind="danger" icon="stop" onClick={() => session.call.peek()?.cancel()}>
      Cancel
    </Button>
  )
}

function canSend({ form }: CallSession): boolean {
  return form.faults.value.length === 0 && form.draft.message.value !== null
}

/** `ended` also where there was no call. */
function stateOf(session: CallSession) {
  return session.call.value?.state.value ?? 'ended'
}
