/** The samples of the demo: a live panel for each kind of stream, and the call behind it. */
import { createClient } from '@connectrpc/connect'
import { useMemo } from 'preact/hooks'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { streamingTransport } from '../live/refresh/live-transport.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { Notice } from '../parts/notice.tsx'
import { facts } from '../session/facts.ts'
import { ChatPanel } from './chat-panel.tsx'
import { SensorPanel } from './sensor-panel.tsx'
import { TickerPanel } from './ticker-panel.tsx'
import './samples.css'

export function View() {
  const told = facts.value
  const greeter = useMemo(
    () => (told?.isDemo === true ? createClient(GreeterService, streamingTransport(told)) : null),
    [told],
  )
  if (told !== null && !told.isDemo) return <NoSamples />
  const hasWebSockets = told?.protocols.includes('websocket') ?? false
  return (
    <div class="page is-wide">
      <div class="page-head">
        <h1>Samples</h1>
        <p class="soft">
          Streams of the demo&apos;s service, live. Each opens in the call view, where it can be changed.
        </p>
      </div>
      {greeter === null && <p role="status">Loading</p>}
      {greeter !== null && (
        <div class="sample-grid">
          <TickerPanel greeter={greeter} />
          {hasWebSockets ? <SensorPanel greeter={greeter} /> : <NoWebSockets />}
          {hasWebSockets && <ChatPanel greeter={greeter} />}
        </div>
      )}
    </div>
  )
}

function NoSamples() {
  return (
    <EmptyState icon="sample" heading="h1" title="This server has no samples">
      <p>
        They use the service of Portico&apos;s demo, which you start with <code>node server</code> in a clone of its
        repository.
      </p>
    </EmptyState>
  )
}

function NoWebSockets() {
  return (
    <Notice tone="warn">This server does not support WebSockets, which the other samples need to send streams.</Notice>
  )
}
