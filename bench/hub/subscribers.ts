/**
 * A process of subscribers to one topic, of a hub through our client or of NATS itself. Started by `fan-out.ts` with
 * `KIND ADDRESS COUNT`. It sends a `Received` when all have subscribed, then each time when all have received what an `Expect`
 * announced. Messages carry the time at which they were sent, as nanoseconds of the clock that all processes of a machine share.
 */
import { connect } from '@nats-io/transport-node'
import { createClient } from '../../client/core/create-client.ts'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type Expect, type Received, TOPIC } from './messages.ts'

/** Messages reach the subscribers of one connection in turn: as many connections as real clients would need at least. */
const STREAMS_PER_CONNECTION = 100
/** Published again until all streams are open. */
const FIRST = 'first'

const [kind, address = '', count = '0'] = process.argv.slice(2)
const subscribers = Number(count)
let missing = 0
let isTimed = false
let delaysUs: number[] = []

process.on('message', (expect: Expect) => {
  isTimed = expect.isTimed
  // The first messages may have been faster than their announcement.
  addMissing(expect.messages * subscribers)
})
process.on('disconnect', () => process.exit())
if (kind === 'nats-core') await subscribeToNats()
else await subscribeToHub()
send({ delaysUs: [] })

async function subscribeToNats(): Promise<void> {
  const connection = await connect({ servers: address })
  for (let index = 0; index < subscribers; index += 1) {
    connection.subscribe(TOPIC, { callback: (_error, message) => receive(message.string()) })
  }
  await connection.flush()
}

async function subscribeToHub(): Promise<void> {
  const publisher = createClient(GreeterService, createTransport({ target: address }))
  let open = 0
  for (let index = 0; index < subscribers; index += STREAMS_PER_CONNECTION) {
    const client = createClient(GreeterService, createTransport({ target: address }))
    const streams = Math.min(STREAMS_PER_CONNECTION, subscribers - index)
    for (let stream = 0; stream < streams; stream += 1) {
      readAll(client.getStream({ topic: TOPIC }), () => {
        open += 1
      })
    }
  }
  while (open < subscribers) {
    await publisher.publish({ topic: TOPIC, data: FIRST })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function readAll(stream: AsyncIterable<{ data: string; missed: bigint }>, onOpen: () => void): Promise<void> {
  let isOpen = false
  for await (const { data, missed } of stream) {
    if (missed > 0n) throw new Error(`a subscriber missed ${missed} messages`)
    if (data !== FIRST) receive(data)
    else if (!isOpen) {
      isOpen = true
      onOpen()
    }
  }
}

function receive(sentAt: string): void {
  if (isTimed) delaysUs.push(Number(process.hrtime.bigint() - BigInt(sentAt)) / 1_000)
  addMissing(-1)
}

function addMissing(deliveries: number): void {
  missing += deliveries
  if (missing !== 0) return
  send({ delaysUs })
  delaysUs = []
}

function send(received: Received): void {
  process.send?.(received)
}
