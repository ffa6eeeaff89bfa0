/** How a call went so far: state or status, times and sizes. */
import { Badge } from '../../parts/badge.tsx'
import { formatBytes, formatCount, formatDuration } from '../../parts/format.ts'
import { takesOneRequest } from '../engine/method-kind.ts'
import type { RunningCall } from '../engine/running-call.ts'
import { PROTOCOL_NAMES } from '../protocols/protocol-facts.ts'

/** Draws the line. */
export function StatusLine({ call }: { call: RunningCall }) {
  const { sent, received, requestBodyBytes, responseBodyBytes, firstMessageMs, endMs } = call.counts.value
  const isOpen = call.state.value !== 'ended'
  const isUnary = call.init.method.methodKind === 'unary'
  return (
    <div class="call-status">
      <span class="row is-tight">
        <StateBadge call={call} />
        <Badge>{PROTOCOL_NAMES[call.init.protocol]}</Badge>
      </span>
      <dl class="call-figures">
        {endMs !== null && <Figure name={isUnary ? 'Time' : 'Ended after'} value={formatDuration(endMs)} />}
        {firstMessageMs !== null && !isUnary && <Figure name="First message" value={formatDuration(firstMessageMs)} />}
        {!takesOneRequest(call.init.method) && <Figure name="Sent" value={formatCount(sent)} />}
        {!isUnary && <Figure name="Received" value={formatCount(received)} />}
        {(requestBodyBytes > 0 || !isOpen) && <Figure name="Request" value={formatBytes(requestBodyBytes)} />}
        {(responseBodyBytes > 0 || !isOpen) && <Figure name="Response" value={formatBytes(responseBodyBytes)} />}
      </dl>
    </div>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function StateBadge({ call }: { call: RunningCall }) {
  const status = call.status.value
  if (status !== null) {
    const http = status.httpStatus === null ? '' : `HTTP ${status.httpStatus}`
    return (
      <>
        <Badge tone={status.code === 'OK' ? 'good' : 'bad'}>{status.code}</Badge>
        {http !== '' && <Badge>{http}</Badge>}
      </>
    )
  }
  return (
    <Badge tone="accent" dot="moving">
      {runningText(call)}
    </Badge>
  )
}

function runningText(call: RunningCall): string {
  if (call.state.value === 'open') return 'Open'
  if (!takesOneRequest(call.init.method)) return 'Half-closed'
  return call.counts.value.received > 0 ? 'Receiving' : 'Waiting'
}
