/**
 * The public edge of `portico/web/connect`: pages that speak Connect.
 *
 *     import { createClient, createConnectTransport } from 'portico/web/connect'
 *     import { ShopService } from './gen/shop/v1/shop_pb.js'
 *
 *     const shop = createClient(ShopService, createConnectTransport())
 */
export * from '../../core/shared-exports.ts'
export { type ConnectTransportOptions, createConnectTransport } from '../transport/connect-transport.ts'
