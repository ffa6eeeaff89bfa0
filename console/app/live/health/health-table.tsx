/** The services of the server with their health. */
import { Badge, type BadgeProps } from '../../parts/badge.tsx'
import { formatDate } from '../../parts/format.ts'
import { linkTo } from '../../route/route.ts'
import type { HealthChange, HealthLink, ServiceHealth } from './service-health.ts'

type Tone = NonNullable<BadgeProps['tone']>

const TONES: Readonly<Record<HealthChange['to'], Tone>> = {
  SERVING: 'good',
  NOT_SERVING: 'bad',
  UNKNOWN: 'warn',
  SERVICE_UNKNOWN: 'warn',
  UNREACHABLE: 'bad',
  REACHABLE: 'good',
}

const LINKS: Readonly<Record<HealthLink, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  polled: 'Asked every few seconds',
  lost: 'Connection lost',
  failed: 'Cannot be watched',
}

/** Draws a status. */
export function StatusBadge({ status }: { status: HealthChange['to'] | null }) {
  if (status === null) return <Badge>not known yet</Badge>
  return (
    <Badge tone={TONES[status]} dot="still">
      {status}
    </Badge>
  )
}

/** Draws the table. `known` has the services of which the console has a page. */
export function HealthTable({ services, known }: { services: readonly ServiceHealth[]; known: ReadonlySet<string> }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
    <section class="card table-scroll" aria-label="Health of services" tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Status</th>
            <th scope="col">Since</th>
            <th scope="col">Updates</th>
          </tr>
        </thead>
        <tbody>
          {services.map(({ service, status, sinceMs, link, fault }) => (
            <tr key={service} data-service={service} class={link === 'lost' ? 'is-stale' : ''}>
              <td class="wrap">
                <ServiceName name={service} isKnown={known.has(service)} />
              </td>
              <td>
                <StatusBadge status={status} />
              </td>
              <td class="number">{status === null ? '–' : <Moment atMs={sinceMs} />}</td>
              <td class="wrap">
                {LINKS[link]}
                {fault !== '' && <p class="soft small">{fault}</p>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Draws the changes, the newest first. */
export function HealthChanges({ changes }: { changes: readonly HealthChange[] }) {
  return (
    <section class="card stack" aria-labelledby="health-changes">
      <h2 id="health-changes">Changes</h2>
      {changes.length === 0 && <p class="soft">None since this page was opened.</p>}
      <ol class="plain stack is-tight health-changes">
        {changes.map(({ atMs, service, from, to }, place) => (
          // Several changes can have the same time.
          <li key={changes.length - place} class="row is-tight">
            <Moment atMs={atMs} />
            <span class="wrap">{service === '' ? 'The server' : <bdi>{service}</bdi>}</span>
            <StatusBadge status={to} />
            {to !== 'REACHABLE' && to !== 'UNREACHABLE' && <span class="soft small">was {from}</span>}
          </li>
        ))}
      </ol>
    </section>
  )
}

function ServiceName({ name, isKnown }: { name: string; isKnown: boolean }) {
  if (name === '') return <b>The whole server</b>
  if (isKnown) return <a href={linkTo('service', name)}>{name}</a>
  return <bdi>{name}</bdi>
}

function Moment({ atMs }: { atMs: number }) {
  const time = new Date(atMs)
  const seconds = String(time.getSeconds()).padStart(2, '0')
  return (
    <time class="number" dateTime={time.toISOString()}>
      {formatDate(time)}:{seconds}
    </time>
  )
}
