/** The connections of the server and of its channels, by channelz. */
import { createClient } from '@connectrpc/connect'
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Channelz } from '../../../gen/channelz_pb.js'
import { EmptyState } from '../parts/empty-state.tsx'
import { linkTo, route } from '../route/route.ts'
import { api, facts } from '../session/facts.ts'
import { countersOf } from './channelz/channelz-counters.ts'
import { ChannelDetails, ServerDetails, SocketDetails } from './channelz/channelz-details.tsx'
import { ChannelzFault } from './channelz/channelz-fault.tsx'
import { type ChannelzPlace, placeOf } from './channelz/channelz-place.ts'
import { ChannelTable, ServerTable, SocketTable } from './channelz/channelz-tables.tsx'
import { type ChannelzPage, readChannelz } from './channelz/read-channelz.ts'
import { liveTransport } from './refresh/live-transport.ts'
import { Rates } from './refresh/rates.ts'
import { RefreshBar } from './refresh/refresh-bar.tsx'
import { Refresher } from './refresh/refresher.ts'
import './live.css'

/** The page of the place that was read last, and its rates. */
interface Shown {
  readonly name: string
  readonly page: ChannelzPage
}

const shown = signal<Shown | null>(null)
let rates = new Rates()

const refresher = new Refresher(async (stopped) => {
  const told = facts.peek()
  if (told === null) return
  const { name, query } = route.peek()
  const client = createClient(Channelz, liveTransport(told))
  const page = await readChannelz(client, placeOf(name, query), stopped)
  if (stopped.aborted || name !== route.peek().name) return
  if (shown.peek()?.name !== name) rates = new Rates()
  rates.update(performance.now(), countersOf(page))
  shown.value = { name, page }
})

export function View() {
  const { name, query } = route.value
  const isServed = api.value?.registry.getService(Channelz.typeName) !== undefined
  const place = placeOf(name, query)
  const key = `${name}?${query}`
  // Another place is read at once.
  useEffect(() => {
    if (!isServed) return
    refresher.error.value = null
    return refresher.start()
  }, [isServed, key])
  if (api.value !== null && !isServed) return <NoChannelz />
  const page = shown.value?.name === name ? shown.value.page : null
  return (
    <div class="page is-wide">
      <div class="page-head">
        {place.kind !== 'overview' && (
          <p>
            <a href={linkTo('channelz')}>Channelz</a>
          </p>
        )}
        <h1>{titleOf(place)}</h1>
        <RefreshBar refresher={refresher} />
      </div>
      {refresher.error.value !== null && <ChannelzFault fault={refresher.error.value} />}
      {page === null && refresher.error.value === null && <p role="status">Loading</p>}
      {page !== null && <Page page={page} />}
    </div>
  )
}

function titleOf(place: ChannelzPlace): string {
  if (place.kind === 'overview') return 'Channelz'
  return `${place.kind.slice(0, 1).toUpperCase()}${place.kind.slice(1)} ${place.id}`
}

function Page({ page }: { page: ChannelzPage }) {
  switch (page.kind) {
    case 'overview':
      return (
        <>
          <ServerTable servers={page.servers} rates={rates} />
          <ChannelTable label="Channels" channels={page.channels} rates={rates} />
        </>
      )
    case 'server':
      return (
        <>
          <ServerDetails server={page.server} rates={rates} />
          <SocketTable sockets={page.sockets} rates={rates} />
          <MoreSockets serverId={page.server.ref?.serverId ?? 0n} nextId={page.nextId} />
        </>
      )
    case 'channel':
      return (
        <>
          <ChannelDetails channel={page.channel} rates={rates} />
          <Below page={page} />
        </>
      )
    case 'subchannel':
      return (
        <>
          <ChannelDetails channel={page.subchannel} rates={rates} />
          <Below page={page} />
        </>
      )
    case 'socket':
      return <SocketDetails socket={page.socket} rates={rates} />
  }
}

function Below({ page }: { page: ChannelzPage & { kind: 'channel' | 'subchannel' } }) {
  return (
    <>
      {page.channels.length > 0 && <ChannelTable label="Channels below" channels={page.channels} rates={rates} />}
      {page.subchannels.length > 0 && <ChannelTable label="Subchannels" channels={page.subchannels} rates={rates} />}
      {page.sockets.length > 0 && <SocketTable sockets={page.sockets} rates={rates} />}
    </>
  )
}

function MoreSockets({ serverId, nextId }: { serverId: bigint; nextId: bigint | null }) {
  const { name, query } = route.value
  return (
    <p class="row">
      {query.has('start') && <a href={linkTo('channelz', name)}>First sockets</a>}
      {nextId !== null && <a href={linkTo('channelz', `server/${serverId}`, `start=${nextId}`)}>More sockets</a>}
    </p>
  )
}

function NoChannelz() {
  return (
    <EmptyState icon="plug" heading="h1" title="This server does not show you channelz">
      <p>
        Its API, as it shows it to you, has no <code>{Channelz.typeName}</code>. The admin services are off by default,
        and with <code>admin: true</code> they refuse all browsers: the server needs{' '}
        <code>admin: {'{ authorize }'}</code> that allows you. If it does, sign in.
      </p>
    </EmptyState>
  )
}
