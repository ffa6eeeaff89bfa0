/**
 * The public edge of `portico/web`, for pages. `portico/web/connect` and `portico/web/grpc-web` carry one protocol each.
 *
 *     import { createClient, createConnectTransport, watchStream } from 'portico/web'
 *     import { ShopService } from './gen/shop/v1/shop_pb.js'
 *
 *     const shop = createClient(ShopService, createConnectTransport())
 *     const watch = watchStream(shop.watchOrders, { request: {}, resumeAfter: ({ cursor }) => ({ cursor }) })
 *     for await (const { order } of watch) console.log(order)
 */
export * from '../core/shared-exports.ts'
export { type ConnectTransportOptions, createConnectTransport } from './transport/connect-transport.ts'
export { createGrpcWebTransport, type GrpcWebTransportOptions } from './transport/grpc-web-transport.ts'
export { createWebTransport, type WebProtocol, type WebTransportOptions } from './transport/web-transport.ts'
