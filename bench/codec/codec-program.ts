/** Measures a codec in this process: `node codec-program.ts compiled|protobuf-es MESSAGE SECONDS`. Prints nanoseconds per message as JSON. */
import {
  create,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type Message,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf'
import { GetStreamResponseSchema, SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { messageDecoder } from '../../wire/codec/decode/message-decoder.ts'
import { messageEncoder } from '../../wire/codec/encode/message-encoder.ts'
import { messageJsonReader } from '../../wire/codec/json/message-json-reader.ts'
import { messageJsonWriter } from '../../wire/codec/json/message-json-writer.ts'

/** The directions. The results are returned, so that the work cannot be optimised away. */
type Task = 'encode' | 'decode' | 'toJson' | 'fromJson'
type Tasks = Readonly<Record<Task, () => unknown>>

const MESSAGES: Readonly<Record<string, readonly [DescMessage, Record<string, unknown>]>> = {
  short: [SayHelloRequestSchema, { name: 'x'.repeat(16) }],
  topic: [
    GetStreamResponseSchema,
    {
      topic: 'stocks/ACME',
      sequence: 123_456n,
      time: { seconds: 1_790_000_000n, nanos: 123_000_000 },
      data: 'price 101.25 USD',
    },
  ],
  long: [SayHelloRequestSchema, { name: 'x'.repeat(16_384) }],
}
const BUDGET_BYTES = 2 ** 25
const BATCH = 64
const NANOSECONDS_PER_MICROSECOND = 1_000
const MICROSECONDS_PER_SECOND = 1e6

/** Keeps the last result alive. */
let last: unknown

const [codec = '', name = '', seconds = '1'] = process.argv.slice(2)
const [desc, init] = MESSAGES[name] ?? []
if (desc === undefined) throw new Error(`there is no message "${name}"`)
const tasks = codec === 'compiled' ? compiledTasks(desc, create(desc, init)) : reflectiveTasks(desc, create(desc, init))
const secondsEach = Number(seconds) / Object.keys(tasks).length
const costs = Object.entries(tasks).map(([task, run]) => [task, nanosecondsOf(run, secondsEach)])
process.stdout.write(`${JSON.stringify(Object.fromEntries(costs))}\n`)
if (last === undefined) throw new Error('nothing was measured')

function compiledTasks(desc: DescMessage, message: Message): Tasks {
  const settings = { kind: 'compiled', budgetBytes: BUDGET_BYTES } as const
  const encoder = messageEncoder(desc, settings)
  const decoder = messageDecoder(desc, settings)
  const writer = messageJsonWriter(desc, settings)
  const reader = messageJsonReader(desc, settings)
  const octets = Buffer.from(toBinary(desc, message))
  const text = toJsonString(desc, message)
  return {
    encode: () => encoder.encode(message).end,
    decode: () => decoder.decode(octets, 0, octets.length),
    toJson: () => writer.write(message),
    fromJson: () => reader.read(text),
  }
}

function reflectiveTasks(desc: DescMessage, message: Message): Tasks {
  const octets = toBinary(desc, message)
  const text = toJsonString(desc, message)
  return {
    encode: () => toBinary(desc, message).length,
    decode: () => fromBinary(desc, octets),
    toJson: () => toJsonString(desc, message),
    fromJson: () => fromJsonString(desc, text),
  }
}

/** Runs a task for a third of the time to warm up, and for the rest to measure. */
function nanosecondsOf(run: () => unknown, seconds: number): number {
  repeat(run, seconds / 3)
  const { count, microseconds } = repeat(run, (seconds * 2) / 3)
  return (microseconds * NANOSECONDS_PER_MICROSECOND) / count
}

function repeat(run: () => unknown, seconds: number): { count: number; microseconds: number } {
  const start = process.cpuUsage()
  let count = 0
  let microseconds = 0
  while (microseconds < seconds * MICROSECONDS_PER_SECOND) {
    for (let i = 0; i < BATCH; i += 1) last = run()
    count += BATCH
    const { user, system } = process.cpuUsage(start)
    microseconds = user + system
  }
  return { count, microseconds }
}
