/**
 * The public edge of `portico/web/grpc-web`: pages that speak gRPC-Web.
 *
 *     import { createClient, createGrpcWebTransport } from 'portico/web/grpc-web'
 *     import { ShopService } from './gen/shop/v1/shop_pb.js'
 *
 *     const shop = createClient(ShopService, createGrpcWebTransport())
 */
export * from '../../core/shared-exports.ts'
export { createGrpcWebTransport, type GrpcWebTransportOptions } from '../transport/grpc-web-transport.ts'
