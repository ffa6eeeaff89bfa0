/** One entity of channelz, with all that is known of it. */
import type { ComponentChildren } from 'preact'
import {
  type Channel,
  type ChannelTrace,
  type ChannelTraceEvent,
  type Server,
  ChannelTraceEvent_Severity as Severity,
  type Socket,
  type Subchannel,
} from '../../../../gen/channelz_pb.js'
import { formatRate } from '../chart/units.ts'
import type { Rates } from '../refresh/rates.ts'
import { addressText } from './address-text.ts'
import { callsName, socketName } from './channelz-counters.ts'
import { EntityLink, StateBadge } from './channelz-tables.tsx'
import { momentText } from './moment-text.ts'

const COUNT = new Intl.NumberFormat('en')

type Fact = readonly [name: string, value: ComponentChildren]

/** Draws the calls of a server. */
export function ServerDetails({ server, rates }: { server: Server; rates: Rates }) {
  const listening = server.listenSocket.map(({ socketId, name }) => (
    <EntityLink key={String(socketId)} kind="socket" id={socketId}>
      <bdi>{name === '' ? `socket ${socketId}` : name}</bdi>{' '}
    </EntityLink>
  ))
  return (
    <>
      <Facts
        facts={[
          ['Name', <bdi key="name">{server.ref?.name || '–'}</bdi>],
          ['Listens at', listening],
          ...callFacts(server, rates),
        ]}
      />
      <Trace trace={server.data?.trace} />
    </>
  )
}

/** Draws the state and the calls of a channel or subchannel. */
export function ChannelDetails({ channel, rates }: { channel: Channel | Subchannel; rates: Rates }) {
  return (
    <>
      <Facts
        facts={[
          ['Target', <bdi key="target">{channel.data?.target}</bdi>],
          ['State', <StateBadge key="state" state={channel.data?.state?.state} />],
          ...callFacts(channel, rates),
        ]}
      />
      <Trace trace={channel.data?.trace} />
    </>
  )
}

function callFacts(entity: Server | Channel | Subchannel, rates: Rates): Fact[] {
  const { data } = entity
  return [
    ['Calls started', count(data?.callsStarted)],
    ['Per second', rateText(rates.of(callsName(entity)))],
    ['Succeeded', count(data?.callsSucceeded)],
    ['Failed', count(data?.callsFailed)],
    ['Last call', momentText(data?.lastCallStartedTimestamp)],
    ['Created', momentText(data?.trace?.creationTimestamp)],
  ]
}

/** Draws a socket. */
export function SocketDetails({ socket, rates }: { socket: Socket; rates: Rates }) {
  const { data, local, remote, remoteName, security } = socket
  const rateOf = (what: 'streams' | 'sent' | 'received') => rateText(rates.of(socketName(socket, what)))
  const facts: Fact[] = [
    ['Local address', <bdi key="local">{addressText(local) || '–'}</bdi>],
    ['Remote address', <bdi key="remote">{addressText(remote) || '–'}</bdi>],
    ['Remote name', <bdi key="name">{remoteName || '–'}</bdi>],
    ['Security', <bdi key="security">{securityText(security)}</bdi>],
    ['Streams started', count(data?.streamsStarted)],
    ['Streams per second', rateOf('streams')],
    ['Succeeded', count(data?.streamsSucceeded)],
    ['Failed', count(data?.streamsFailed)],
    ['Messages sent', `${count(data?.messagesSent)} (${rateOf('sent')})`],
    ['Messages received', `${count(data?.messagesReceived)} (${rateOf('received')})`],
    ['Pings sent', count(data?.keepAlivesSent)],
    ['Local flow-control window', windowText(data?.localFlowControlWindow)],
    ['Remote flow-control window', windowText(data?.remoteFlowControlWindow)],
    ['Last stream by this side', momentText(data?.lastLocalStreamCreatedTimestamp)],
    ['Last stream by the peer', momentText(data?.lastRemoteStreamCreatedTimestamp)],
    ['Last message sent', momentText(data?.lastMessageSentTimestamp)],
    ['Last message received', momentText(data?.lastMessageReceivedTimestamp)],
    ...(data?.option ?? []).map(({ name, value }): Fact => [`Option ${name}`, <bdi key={name}>{value || '–'}</bdi>]),
  ]
  return <Facts facts={facts} />
}

function securityText(security: Socket['security']): string {
  switch (security?.model.case) {
    case 'tls': {
      const { cipherSuite } = security.model.value
      return cipherSuite.value === undefined || cipherSuite.value === '' ? 'TLS' : `TLS, ${cipherSuite.value}`
    }
    case 'other':
      return security.model.value.name
    default:
      return 'none'
  }
}

function count(value: bigint | undefined): string {
  return COUNT.format(value ?? 0n)
}

/** Not every lane and protocol knows its windows. */
function windowText(window: bigint | undefined): string {
  return window === undefined ? '–' : `${COUNT.format(window)} B`
}

function rateText(rate: number | null): string {
  return rate === null ? '–' : formatRate(rate)
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="card facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt dir="auto">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Trace({ trace }: { trace: ChannelTrace | undefined }) {
  if (trace === undefined || trace.events.length === 0) return null
  return (
    <section class="card stack" aria-labelledby="trace">
      <h2 id="trace">Events</h2>
      <ol class="plain stack is-tight">
        {trace.events.map((event, place) => (
          <li key={`${place} ${event.description}`} class="row is-tight">
            <span class="number soft">{momentText(event.timestamp)}</span>
            <span>{severityText(event.severity)}</span>
            <span class="wrap" dir="auto">
              {event.description}
            </span>
            <TraceLink child={event.childRef} />
          </li>
        ))}
      </ol>
    </section>
  )
}

function severityText(severity: Severity): string {
  return severity === Severity.CT_WARNING ? 'Warning' : severity === Severity.CT_ERROR ? 'Error' : ''
}

function TraceLink({ child }: { child: ChannelTraceEvent['childRef'] }) {
  if (child.case === 'channelRef') return <EntityLink kind="channel" id={child.value.channelId} />
  if (child.case === 'subchannelRef') return <EntityLink kind="subchannel" id={child.value.subchannelId} />
  return null
}
