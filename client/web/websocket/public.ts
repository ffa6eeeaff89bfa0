/**
 * The public edge of `portico/web/websocket`: pages that make calls of all four modes.
 *
 *     import { createClient, withStreaming } from 'portico/web/websocket'
 *     import { createConnectTransport } from 'portico/web/connect'
 *     import { ChatService } from './gen/chat/v1/chat_pb.js'
 *
 *     const chat = createClient(ChatService, withStreaming(createConnectTransport()))
 *     for await (const { text } of chat.talk(typed())) console.log(text)
 */
export * from '../../core/shared-exports.ts'
export { createWebSocketTransport, type WebSocketTransportOptions } from './websocket-transport.ts'
export { withStreaming } from './with-streaming.ts'
