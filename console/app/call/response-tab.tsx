/** The tab with the response: of a unary call its message or error, of a stream the time line. */
import type { Registry } from '@bufbuild/protobuf'
import type { MessageEntry } from '../contracts/live-call.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { MessageBody } from './body/message-body.tsx'
import type { CallSession } from './call-session.ts'
import type { RunningCall } from './engine/running-call.ts'
import { Failure } from './result/failure.tsx'
import { StatusLine } from './result/status-line.tsx'
import { TimelineView } from './timeline/timeline-view.tsx'

/** Draws the tab. */
export function ResponseTab({ session, registry }: { session: CallSession; registry: Registry }) {
  const call = session.call.value
  if (call === null) return <NoCall />
  const status = call.status.value
  const isUnary = call.init.method.methodKind === 'unary'
  return (
    <div class="stack">
      <StatusLine call={call} />
      {status !== null && status.code !== 'OK' && <Failure call={call} status={status} />}
      {isUnary ? (
        <UnaryResponse call={call} registry={registry} />
      ) : (
        <TimelineView key={call.id} call={call} registry={registry} />
      )}
      {/* A time line says itself how its call ended. */}
      {isUnary && (
        <span class="visually-hidden" role="status">
          {status === null ? '' : `The call has ended: ${status.code}`}
        </span>
      )}
    </div>
  )
}

function NoCall() {
  return (
    <EmptyState icon="send" title="No call yet" heading="h3">
      <p>
        Fill in the request and send it. <span class="kbd">Ctrl</span> <span class="kbd">Enter</span> sends from
        anywhere in the form.
      </p>
    </EmptyState>
  )
}

function UnaryResponse({ call, registry }: { call: RunningCall; registry: Registry }) {
  const response = call.timeline.value.find(
    (entry): entry is MessageEntry => entry.kind === 'message' && entry.direction === 'received',
  )
  if (response === undefined) return null
  return (
    <MessageBody schema={call.init.method.output} message={response.message} registry={registry} label="response" />
  )
}
