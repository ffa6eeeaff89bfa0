/** Channelz of a worker, which answers for all workers of the server. */
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect'
import { Channelz } from '../../../gen/channelz_pb.js'
import { processOfChannelzId } from '../../../wire/channelz/channelz-id.ts'
import { askWorkers, type WorkerAnswer } from '../../workers/contracts/ask-workers.ts'
import { numberPart, type PartRequest } from '../../workers/contracts/numbered-parts.ts'
import type { WorkerLink } from '../../workers/contracts/worker-link.ts'
import { channelzService, pageOf } from './channelz-service.ts'

/** The channel of a link that the questions go over. */
const CHANNELZ_CHANNEL = 'portico.channelz'

/** All workers answer alike, whichever of their parts is asked. */
const ANY_PART = 1

type Methods = typeof Channelz.method
type MethodName = keyof Methods
type Input<Name extends MethodName> = MessageShape<Methods[Name]['input']>
type Output<Name extends MethodName> = MessageShape<Methods[Name]['output']>

interface ChannelzQuestion extends PartRequest {
  readonly method: MethodName
  /** The encoded request. */
  readonly request: Uint8Array
}

/** Returns the service. An id says which worker an entity belongs to; a worker that does not answer in time is left out of lists. */
export function shareChannelz(link: WorkerLink): ServiceImpl<typeof Channelz> {
  numberPart(link, CHANNELZ_CHANNEL, (question) => answer(question as ChannelzQuestion))

  async function ask<Name extends MethodName>(method: Name, request: Input<Name>, to?: number) {
    const { input } = Channelz.method[method] as Methods[MethodName]
    const payload = { part: ANY_PART, method, request: toBinary(input as DescMessage, request) }
    const answers = await askWorkers(link, { channel: CHANNELZ_CHANNEL, payload, ...(to !== undefined && { to }) })
    return answers.flatMap((each) => decoded(method, each))
  }

  async function askOwner<Name extends MethodName>(method: Name, request: Input<Name>, id: bigint) {
    // What a program creates before it becomes a worker belongs to no process: the first worker that has it answers.
    const [response] = await ask(method, request, processOfChannelzId(Number(id)) || undefined)
    if (response === undefined) throw new ConnectError(`${NOUNS[method] ?? 'entity'} ${id} not found`, Code.NotFound)
    return response
  }

  return {
    async getTopChannels(request) {
      const pages = await ask('getTopChannels', request)
      const page = { start: request.startChannelId, max: request.maxResults }
      const all = pages.flatMap(({ channel }) => channel)
      const { items, end } = pageOf(all, page, ({ ref }) => ref?.channelId ?? 0n)
      return { channel: [...items], end: end && pages.every((each) => each.end) }
    },
    async getServers(request) {
      const pages = await ask('getServers', request)
      const page = { start: request.startServerId, max: request.maxResults }
      const all = pages.flatMap(({ server }) => server)
      const { items, end } = pageOf(all, page, ({ ref }) => ref?.serverId ?? 0n)
      return { server: [...items], end: end && pages.every((each) => each.end) }
    },
    getServerSockets: (request) => askOwner('getServerSockets', request, request.serverId),
    getServer: (request) => askOwner('getServer', request, request.serverId),
    getChannel: (request) => askOwner('getChannel', request, request.channelId),
    getSubchannel: (request) => askOwner('getSubchannel', request, request.subchannelId),
    getSocket: (request) => askOwner('getSocket', request, request.socketId),
  }
}

const NOUNS: Readonly<Partial<Record<MethodName, string>>> = {
  getServerSockets: 'server',
  getServer: 'server',
  getChannel: 'channel',
  getSubchannel: 'subchannel',
  getSocket: 'socket',
}

function decoded<Name extends MethodName>(method: Name, { value }: WorkerAnswer): readonly Output<Name>[] {
  if (!(value instanceof Uint8Array)) return []
  return [fromBinary(Channelz.method[method].output as DescMessage, value) as Output<Name>]
}

/** Returns the encoded response of this process; undefined if it has no such entity. */
async function answer({ method, request }: ChannelzQuestion): Promise<Uint8Array | undefined> {
  const { input, output } = Channelz.method[method] as { readonly input: DescMessage; readonly output: DescMessage }
  const handler = channelzService[method] as (
    request: object,
    context: HandlerContext,
  ) => Record<string, unknown> | Promise<Record<string, unknown>>
  try {
    const response = await handler(fromBinary(input, request), NO_CONTEXT)
    return toBinary(output, create(output, response))
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return undefined
    throw error
  }
}

/** The handlers of channelz do not look at the context. */
const NO_CONTEXT = {} as HandlerContext
