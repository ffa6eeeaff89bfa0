/** The entities of channelz as tables. */
import type { ComponentChildren } from 'preact'
import {
  type Channel,
  type Server,
  type Socket,
  ChannelConnectivityState_State as State,
  type Subchannel,
} from '../../../../gen/channelz_pb.js'
import { Badge, type BadgeProps } from '../../parts/badge.tsx'
import { linkTo } from '../../route/route.ts'
import { formatRate } from '../chart/units.ts'
import type { Rates } from '../refresh/rates.ts'
import { addressText } from './address-text.ts'
import { callsName, socketName } from './channelz-counters.ts'
import type { EntityKind } from './channelz-place.ts'
import { momentText } from './moment-text.ts'

const COUNT = new Intl.NumberFormat('en')

/** Draws a link to an entity. */
export function EntityLink({ kind, id, children }: { kind: EntityKind; id: bigint; children?: ComponentChildren }) {
  return (
    <a href={linkTo('channelz', `${kind}/${id}`)} class="wrap">
      {children ?? `${kind} ${id}`}
    </a>
  )
}

/** Draws the servers. */
export function ServerTable({ servers, rates }: { servers: readonly Server[]; rates: Rates }) {
  return (
    <EntityTable label="Servers" heads={['Server', 'Listens at', ...CALL_HEADS]} isEmpty={servers.length === 0}>
      {servers.map((server) => {
        const id = server.ref?.serverId ?? 0n
        return (
          <tr key={String(id)}>
            <td>
              <EntityLink kind="server" id={id}>
                {id}
                {server.ref?.name !== '' && <bdi> {server.ref?.name}</bdi>}
              </EntityLink>
            </td>
            <td class="wrap">
              {server.listenSocket.map(({ socketId, name }) => (
                <EntityLink key={String(socketId)} kind="socket" id={socketId}>
                  <bdi>{name === '' ? `socket ${socketId}` : name}</bdi>{' '}
                </EntityLink>
              ))}
            </td>
            <CallCells entity={server} rates={rates} />
          </tr>
        )
      })}
    </EntityTable>
  )
}

interface ChannelTableProps {
  readonly label: string
  readonly channels: readonly (Channel | Subchannel)[]
  readonly rates: Rates
}

/** Draws channels or subchannels. */
export function ChannelTable({ label, channels, rates }: ChannelTableProps) {
  return (
    <EntityTable label={label} heads={['Target', 'State', ...CALL_HEADS]} isEmpty={channels.length === 0}>
      {channels.map((channel) => {
        const [kind, id] = channelKey(channel)
        return (
          <tr key={String(id)}>
            <td>
              <EntityLink kind={kind} id={id}>
                {id} <bdi>{channel.data?.target}</bdi>
              </EntityLink>
            </td>
            <td>
              <StateBadge state={channel.data?.state?.state} />
            </td>
            <CallCells entity={channel} rates={rates} />
          </tr>
        )
      })}
    </EntityTable>
  )
}

function channelKey(channel: Channel | Subchannel): [EntityKind, bigint] {
  return channel.$typeName === 'grpc.channelz.v1.Channel'
    ? ['channel', channel.ref?.channelId ?? 0n]
    : ['subchannel', channel.ref?.subchannelId ?? 0n]
}

const SOCKET_HEADS = ['Socket', 'Remote', '#Streams', '#Per second', '#Open', '#Sent', '#Received', 'Last message']

/** Draws sockets. */
export function SocketTable({ sockets, rates }: { sockets: readonly Socket[]; rates: Rates }) {
  return (
    <EntityTable label="Sockets" heads={SOCKET_HEADS} isEmpty={sockets.length === 0}>
      {sockets.map((socket) => {
        const { ref, data, remote, remoteName } = socket
        const started = data?.streamsStarted ?? 0n
        const ended = (data?.streamsSucceeded ?? 0n) + (data?.streamsFailed ?? 0n)
        return (
          <tr key={String(ref?.socketId)}>
            <td>
              <EntityLink kind="socket" id={ref?.socketId ?? 0n}>
                {ref?.socketId} <bdi>{ref?.name}</bdi>
              </EntityLink>
            </td>
            <td>
              <bdi>{addressText(remote) || remoteName}</bdi>
            </td>
            <NumberCell value={started} />
            <RateCell rate={rates.of(socketName(socket, 'streams'))} />
            <NumberCell value={started - ended} />
            <NumberCell value={data?.messagesSent} />
            <NumberCell value={data?.messagesReceived} />
            <td class="number">{momentText(data?.lastMessageReceivedTimestamp ?? data?.lastMessageSentTimestamp)}</td>
          </tr>
        )
      })}
    </EntityTable>
  )
}

interface EntityTableProps {
  readonly label: string
  /** The heads of columns of numbers begin with `#`. */
  readonly heads: readonly string[]
  readonly isEmpty: boolean
  readonly children: ComponentChildren
}

function EntityTable({ label, heads, isEmpty, children }: EntityTableProps) {
  return (
    <section class="card stack" aria-label={label}>
      <h2>{label}</h2>
      {isEmpty ? (
        <p class="soft">None</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
        <section class="table-scroll" aria-label={`Table of ${label.toLowerCase()}`} tabIndex={0}>
          <table class="table">
            <thead>
              <tr>
                {heads.map((head) => (
                  <th key={head} scope="col" class={head.startsWith('#') ? 'is-number' : ''}>
                    {head.replace('#', '')}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{children}</tbody>
          </table>
        </section>
      )}
    </section>
  )
}

const CALL_HEADS = ['#Calls', '#Per second', '#Succeeded', '#Failed', 'Last call']

function CallCells({ entity, rates }: { entity: Server | Channel | Subchannel; rates: Rates }) {
  const { data } = entity
  return (
    <>
      <NumberCell value={data?.callsStarted} />
      <RateCell rate={rates.of(callsName(entity))} />
      <NumberCell value={data?.callsSucceeded} />
      <NumberCell value={data?.callsFailed} />
      <td class="number">{momentText(data?.lastCallStartedTimestamp)}</td>
    </>
  )
}

function NumberCell({ value = 0n }: { value?: bigint | undefined }) {
  return <td class="is-number">{COUNT.format(value)}</td>
}

function RateCell({ rate }: { rate: number | null }) {
  return <td class="is-number">{rate === null ? '–' : formatRate(rate)}</td>
}

const TONES: Readonly<Record<State, NonNullable<BadgeProps['tone']>>> = {
  [State.UNKNOWN]: 'plain',
  [State.IDLE]: 'plain',
  [State.CONNECTING]: 'warn',
  [State.READY]: 'good',
  [State.TRANSIENT_FAILURE]: 'bad',
  [State.SHUTDOWN]: 'plain',
}

/** Draws the state of a channel. */
export function StateBadge({ state = State.UNKNOWN }: { state?: State | undefined }) {
  return (
    <Badge tone={TONES[state] ?? 'plain'} dot="still">
      {State[state] ?? `state ${state}`}
    </Badge>
  )
}
