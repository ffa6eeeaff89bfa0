/** The health of the server and its services, as it changes. */
import { createClient } from '@connectrpc/connect'
import { useEffect, useState } from 'preact/hooks'
import { sleep } from '../../../client/core/sleep.ts'
import { Health } from '../../../gen/health/v1/health_pb.js'
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'
import type { Api } from '../api/api.ts'
import { Button } from '../parts/button.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Notice } from '../parts/notice.tsx'
import { api, facts } from '../session/facts.ts'
import { HealthMonitor } from './health/health-monitor.ts'
import { HealthChanges, HealthTable } from './health/health-table.tsx'
import { maxWatches } from './health/max-watches.ts'
import { liveTransport, socketTransport } from './refresh/live-transport.ts'
import { isPageVisible } from './refresh/page-visible.ts'
import './live.css'

/** It outlives the view, and so does the history of changes. */
let kept: { readonly api: Api; readonly monitor: HealthMonitor } | undefined

function monitorOf(current: Api, told: ConsoleFacts): HealthMonitor {
  if (kept?.api !== current) kept = { api: current, monitor: createMonitor(current, told) }
  return kept.monitor
}

function createMonitor({ services }: Api, told: ConsoleFacts): HealthMonitor {
  const hasSockets = told.protocols.includes('websocket')
  return new HealthMonitor({
    client: createClient(Health, hasSockets ? socketTransport(told) : liveTransport(told)),
    services: services.map(({ typeName }) => typeName),
    maxWatches: maxWatches(hasSockets),
  })
}

export function View() {
  const current = api.value
  const told = facts.value
  const isServed = current?.registry.getService(Health.typeName) !== undefined
  const monitor = current !== null && told !== null && isServed ? monitorOf(current, told) : null
  const isVisible = isPageVisible.value
  useEffect(() => (isVisible ? monitor?.start() : undefined), [monitor, isVisible])
  useEffect(() => {
    if (monitor === null) return
    addEventListener('online', monitor.retryNow)
    return () => removeEventListener('online', monitor.retryNow)
  }, [monitor])
  if (current !== null && !isServed) return <NoHealth />
  return (
    <div class="page">
      <div class="page-head">
        <h1>Health</h1>
        <p class="soft">
          What <code>{Health.typeName}</code> says of each service, as it changes.
        </p>
      </div>
      {monitor === null ? <p role="status">Loading</p> : <Monitored monitor={monitor} />}
    </div>
  )
}

function Monitored({ monitor }: { monitor: HealthMonitor }) {
  const { services, changes, isReachable } = monitor.book
  const refusal = monitor.refusal.value
  const known = new Set(api.value?.services.map(({ typeName }) => typeName) ?? [])
  return (
    <>
      {!isReachable.value && <Outage monitor={monitor} />}
      {refusal !== null && <Notice tone="bad">The server does not show its health: {refusal.message}</Notice>}
      {services.value.length > 0 && <HealthTable services={services.value} known={known} />}
      <HealthChanges changes={changes.value} />
    </>
  )
}

function Outage({ monitor }: { monitor: HealthMonitor }) {
  const seconds = useSecondsUntil(monitor.retryAtMs.value)
  return (
    <Notice tone="bad" actions={<Button onClick={monitor.retryNow}>Try now</Button>}>
      The server cannot be reached. {/* The countdown changes each second, which would be announced each time. */}
      <span aria-hidden="true">{seconds === null || seconds === 0 ? 'Trying' : `Next try in ${seconds} s`}</span>
    </Notice>
  )
}

/** The whole seconds that are left; null for no time. */
function useSecondsUntil(atMs: number | null): number | null {
  const [nowMs, setNowMs] = useState(Date.now())
  useEffect(() => {
    const stopping = new AbortController()
    const count = async () => {
      while (!stopping.signal.aborted) {
        setNowMs(Date.now())
        await sleep(250, stopping.signal)
      }
    }
    void count()
    return () => stopping.abort()
  }, [atMs])
  return atMs === null ? null : Math.max(0, Math.ceil((atMs - nowMs) / 1_000))
}

function NoHealth() {
  return (
    <EmptyState icon="pulse" heading="h1" title="This server does not serve health">
      <p>
        Its API has no <code>{Health.typeName}</code>. Servers of Portico serve it unless they are started with{' '}
        <code>--no-health</code>.
      </p>
    </EmptyState>
  )
}
