/** The public edge of `portico/server/auth`. */
export { type AuthorizeOptions, authorize } from './authorize.ts'
export type { AuditEvent, AuditLogger, AuditLoggerFactory } from './policy/audit-trail.ts'
export type {
  AuditCondition,
  AuditLoggingOptions,
  AuthorizationPolicy,
  PolicyAuditLogger,
  PolicyHeader,
  PolicyRule,
} from './policy/authorization-policy.ts'
