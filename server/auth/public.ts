/** The public edge of `portico/server/auth`. */

export type { AuthRequirement, AuthRule } from './auth-rules.ts'
export { authenticate } from './authenticate.ts'
export type { AuthenticateOptions } from './authenticate-options.ts'
export { type AuthorizeOptions, authorize } from './authorize.ts'
export { type CertificateIdentity, certificateIdentity } from './certificate-identity.ts'
export { type ClientCertificateOptions, clientCertificate } from './client-certificate.ts'
export type { AuditEvent, AuditLogger, AuditLoggerFactory } from './policy/audit-trail.ts'
export type {
  AuditCondition,
  AuditLoggingOptions,
  AuthorizationPolicy,
  PolicyAuditLogger,
  PolicyHeader,
  PolicyRule,
} from './policy/authorization-policy.ts'
export { type ApiKeysOptions, apiKeys, hashApiKey } from './schemes/api-keys.ts'
export { type AuthScheme, authorizationOf, InvalidCredentials } from './schemes/auth-scheme.ts'
export { type BasicOptions, basic } from './schemes/basic.ts'
export { jwt } from './schemes/jwt/jwt.ts'
export type { JwtOptions, PublicKeyAlgorithm, SecretAlgorithm } from './schemes/jwt/jwt-options.ts'
export { hashPassword } from './schemes/password-hash.ts'
export type { StoredCredential } from './schemes/stored-credentials.ts'
