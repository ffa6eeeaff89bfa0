/** A client of `grpc-websockets` on the WebSocket of the package `ws`. */
import { once } from 'node:events'
import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { onTestFinished } from 'vitest'
import WebSocket, { type ClientOptions } from 'ws'
import { readAnswer, type WebSocketAnswer } from './answer.ts'

/** How a call is opened. */
export interface WebSocketCallInit<I extends DescMessage, O extends DescMessage> {
  /** `ws://127.0.0.1:PORT`, with a prefix if the paths have one. */
  readonly origin: string
  readonly method: DescMethod & { readonly input: I; readonly output: O }
  /** More lines of the header block, or others for the content type. */
  readonly block?: Readonly<Record<string, string>>
  /** Options of `ws`, such as the fields of the handshake. */
  readonly options?: ClientOptions
  /** Default: the one of the wire format. */
  readonly subprotocols?: string[]
}

/** One call. It is closed when the running test ends. */
export class WebSocketCall<I extends DescMessage, O extends DescMessage> {
  readonly socket: WebSocket
  /** The code and the reason of the end. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly #init: WebSocketCallInit<I, O>
  readonly #received: Buffer[] = []

  private constructor(init: WebSocketCallInit<I, O>) {
    this.#init = init
    this.socket = new WebSocket(urlOf(init), init.subprotocols ?? ['grpc-websockets'], init.options)
    this.socket.on('message', (data: Buffer) => this.#received.push(data))
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    onTestFinished(() => this.socket.terminate())
  }

  /** Opens the WebSocket and sends the header block. Rejects if the server refuses the handshake. */
  static async open<I extends DescMessage, O extends DescMessage>(
    init: WebSocketCallInit<I, O>,
  ): Promise<WebSocketCall<I, O>> {
    const call = new WebSocketCall(init)
    await once(call.socket, 'open')
    const block = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1', ...init.block }
    const lines = Object.entries(block).map(([name, value]) => `${name}: ${value}\r\n`)
    call.socket.send(Buffer.from(lines.join('')))
    return call
  }

  /** Sends a message. */
  send(message: MessageInitShape<I>): void {
    this.sendOctets(this.encode(message))
  }

  /** The octets of a message in its envelope. */
  encode(message: MessageInitShape<I>): Buffer {
    const data = toBinary(this.#init.method.input, create(this.#init.method.input, message))
    const envelope = Buffer.alloc(5 + data.length)
    envelope.writeUInt32BE(data.length, 1)
    envelope.set(data, 5)
    return envelope
  }

  /** Sends octets of the body as one message. */
  sendOctets(octets: Uint8Array): void {
    this.socket.send(Buffer.concat([Buffer.from([0]), octets]))
  }

  halfClose(): void {
    this.socket.send(Buffer.from([1]))
  }

  /** Everything that was received so far. */
  get received(): Buffer {
    return Buffer.concat(this.#received)
  }

  /** The messages that were received so far. */
  get messages(): MessageShape<O>[] {
    return readAnswer(this.received).messages.map((data) => fromBinary(this.#init.method.output, data))
  }

  /** Waits until this many messages have arrived. */
  async untilMessages(count: number): Promise<MessageShape<O>[]> {
    while (this.messages.length < count) await once(this.socket, 'message')
    return this.messages
  }

  /** Waits for the end. */
  async answer(): Promise<WebSocketAnswer & { readonly decoded: MessageShape<O>[]; readonly code: number }> {
    const { code } = await this.closed
    return { ...readAnswer(this.received), decoded: this.messages, code }
  }
}

/** Makes a call with all of its messages at once. */
export async function callByWebSocket<I extends DescMessage, O extends DescMessage>(
  init: WebSocketCallInit<I, O>,
  messages: readonly MessageInitShape<I>[],
): Promise<Awaited<ReturnType<WebSocketCall<I, O>['answer']>>> {
  const call = await WebSocketCall.open(init)
  for (const message of messages) call.send(message)
  call.halfClose()
  return call.answer()
}

/** Returns the status with which the server refuses a handshake; 101 if it accepts. */
export function handshakeStatus(
  url: string,
  options: ClientOptions = {},
  subprotocol = 'grpc-websockets',
): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [subprotocol], options)
    onTestFinished(() => socket.terminate())
    socket.once('open', () => resolve(101))
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.once('error', reject)
  })
}

function urlOf({ origin, method }: { readonly origin: string; readonly method: DescMethod }): string {
  return `${origin}/${method.parent.typeName}/${method.name}`
}
