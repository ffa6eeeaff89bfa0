/** The public edge of `portico/server/admin`. */
export { Channelz } from '../../gen/channelz_pb.js'
export { Admin } from '../../gen/portico/admin/v1/admin_pb.js'
export { type AdminOptions, admin } from './admin.ts'
export type { AdminAuthorization } from './admin-access.ts'
