// notice.ts — what whoever runs the relay is told: one code for each thing that a person on call must know, with its
// sentence and what to do. Knows: the words. Must not know: where they are written to, and how names are hidden.

export type NoticeCode =
  | 'started'
  | 'draining'
  | 'drained'
  | 'drain-cut-short'
  | 'disk-refuses'
  | 'write-failed'
  | 'disk-writes'
  | 'tenant-unreadable'
  | 'document-unreadable'
  | 'link-unanswered'
  | 'unsayable'
  | 'work-failed'
  | 'clean-up-failed'
  | 'document-replaced'
  | 'document-purged'
  | 'load-high'
  | 'load-normal'
  | 'log-hole'
  | 'record-damaged'
  | 'disk-damaged'
  | 'disk-repaired'
  | 'head-differs'
  | 'update-unusable'
  | 'document-given-up'
  | 'digest-differed'
  | 'held-back-forgotten'
  | 'connections-full'
  | 'connections-of-one'
  | 'frame-too-large'
  | 'socket-failed'
  | 'socket-opened'
  | 'socket-met'
  | 'socket-closed'
  | 'certificate-reloaded'
  | 'certificate-unreadable'
  | 'request-failed'
  | 'committed-failed'
  | 'committed-late'
  | 'copied'
  | 'copy-failed'
  | 'crashed'
  | 'answer-forgotten'
  | 'application-failed'
  | 'application-late'
  | 'class-unknown'
  | 'keys-unreachable'
  | 'secret-exposed'
  | 'origins-unused'
  | 'revoked'
  | 'revocation-failed'
  | 'recheck-failed'

export type NoticeLevel = 'debug' | 'info' | 'warn' | 'error'

export type Notice = {
  readonly code: NoticeCode
  /** Names are content too: the journal shows them at level debug only. */
  readonly tenant?: string
  readonly document?: string
  /** What the world said: the operating system, LevelDB, an application's own code. */
  readonly cause?: unknown
  /** Of which socket or request this came. */
  readonly trace?: string | undefined
  /** Figures, and words that are nobody's content. */
  readonly facts?: Readonly<Record<string, string | number>>
}

export type Report = (notice: Notice) => void

type Words = { readonly level: NoticeLevel; readonly says: string; readonly todo: string }

const nothing = 'Nothing.'

export const notices: Readonly<Record<NoticeCode, Words>> = {
  started: { level: 'info', says: 'The relay is open.', todo: nothing },
  draining: {
    level: 'info',
    says: 'The relay is being stopped: it commits, sends everyone away and ends.',
    todo: nothing,
  },
  drained: { level: 'info', says: 'All that was accepted is committed. The relay ends.', todo: nothing },
  'drain-cut-short': {
    level: 'warn',
    says: 'The relay ends before the disk took everything. What is not there was acknowledged to nobody; its authors send it again.',
    todo: 'See why the disk is slow or full before starting again. Nothing acknowledged is lost.',
  },
  'disk-refuses': {
    level: 'error',
    says: 'The disk refuses to write. Nothing is acknowledged or shown until it does; what was acknowledged is safe.',
    todo: 'Make room on the disk, or see to it that it can be written. The relay goes on by itself, without a restart.',
  },
  'write-failed': {
    level: 'error',
    says: 'A write failed; the same batch is tried again every second.',
    todo: 'The cause is in the line. See disk-refuses.',
  },
  'disk-writes': { level: 'info', says: 'The disk writes again.', todo: nothing },
  'tenant-unreadable': {
    level: 'error',
    says: 'The records of a tenant cannot be read; it is tried again every second, and its people wait.',
    todo: 'If the cause is damage, verify the data and restore a backup; replicas give back what is newer.',
  },
  'document-unreadable': {
    level: 'error',
    says: 'A document cannot be read; it is tried again every second, and its people wait.',
    todo: 'If the cause is damage, verify the data and restore a backup; replicas give back what is newer.',
  },
  'link-unanswered': {
    level: 'warn',
    says: 'A document could not be read for a client, which was told to come back.',
    todo: 'Once is nothing. If it repeats, see document-unreadable.',
  },
  unsayable: {
    level: 'error',
    says: 'The relay had something to say that its protocol has no bytes for: a fault of the relay. Whoever it was for was told to come back.',
    todo: 'Keep the line for whoever develops this.',
  },
  'work-failed': {
    level: 'warn',
    says: 'A snapshot or digest of a document could not be made; it is tried again later.',
    todo: 'Once is nothing. If it repeats for one document, verify the data.',
  },
  'clean-up-failed': {
    level: 'warn',
    says: 'What is left of a replaced or purged document could not be removed; it is tried again. It is in nobody’s reach.',
    todo: 'Once is nothing. If it repeats, see disk-refuses.',
  },
  'document-replaced': { level: 'info', says: 'A document begins anew.', todo: nothing },
  'document-purged': { level: 'info', says: 'A document was purged.', todo: nothing },
  'load-high': {
    level: 'warn',
    says: 'The relay has more to do than it can; what can wait is put off, and clients are told so. Edits go on.',
    todo: 'See in the line which number is high. If it stays, give the relay a faster disk or core, or fewer people.',
  },
  'load-normal': { level: 'info', says: 'The relay has time for everything again.', todo: nothing },
  'log-hole': {
    level: 'error',
    says: 'Rows of a document are missing; its replicas are asked for what they have, and give it back.',
    todo: 'The disk loses data: verify it, make a backup and move. Look that people with that document come by.',
  },
  'disk-damaged': {
    level: 'error',
    says: 'Records on the disk cannot be read and were passed over; what they held, replicas give back.',
    todo: 'The disk loses data: verify it, make a backup and move.',
  },
  'disk-repaired': {
    level: 'error',
    says: 'The data was damaged and was put together again; what could not be read is in its folder «lost». Everyone was sent away for a moment, and gives back what is missing.',
    todo: 'The disk loses data: verify it, make a backup and move. Look that people with their documents come by.',
  },
  'head-differs': {
    level: 'error',
    says: 'The log of a tenant on the disk is not as this relay left it. Everyone was sent away for a moment; what the disk has is read anew, and replicas give back what is missing.',
    todo: 'See that nothing else writes to the data, and verify it. If it repeats, make a backup and move to another disk.',
  },
  'record-damaged': {
    level: 'error',
    says: 'A record on the disk is not what was written. It was set aside, and the rest is read on; what it held, replicas give back.',
    todo: 'The disk loses data: verify it, make a backup and move.',
  },
  'update-unusable': {
    level: 'warn',
    says: 'An update in a log cannot be used by Yjs and is left out.',
    todo: 'Keep the data for whoever develops this; the rest of the document is served.',
  },
  'document-given-up': {
    level: 'error',
    says: 'A document took too long to work on, or too much memory; until the next start it is served as its log has it, and neither folded nor compared.',
    todo: 'See what is so large in it. Its people can read and write; whoever joins is sent all of it.',
  },
  'digest-differed': {
    level: 'warn',
    says: 'A replica had another content than the relay; it is brought up to date by itself.',
    todo: 'Once is healed. If it repeats, verify the data and report it.',
  },
  'held-back-forgotten': {
    level: 'info',
    says: 'Too much of a document waits for what it builds on; the oldest is asked for again.',
    todo: nothing,
  },
  'connections-full': {
    level: 'warn',
    says: 'More connections came than --sockets-max and 500 beside it; they were closed at once, without a word.',
    todo: 'See who comes: connections that say nothing end after a minute. If they are wanted, raise --sockets-max and the limit of open files.',
  },
  'connections-of-one': {
    level: 'warn',
    says: 'More connections came from one address than --sockets-per-address and 500 beside it; they were closed at once, without a word.',
    todo: 'See who comes. If it is a proxy, name it in --trusted-proxies; if many people share the address, raise --sockets-per-address.',
  },
  'frame-too-large': {
    level: 'warn',
    says: 'A client sent a frame larger than any may be, and was sent away. What it holds is in no log.',
    todo: 'If its document is wanted, raise --largest-document. A stock client before y-websocket 3.1 comes back with it again and again: update it.',
  },
  'socket-failed': {
    level: 'debug',
    says: 'A socket failed; what its client does next is the client’s own.',
    todo: nothing,
  },
  'socket-opened': { level: 'debug', says: 'A socket was opened.', todo: nothing },
  'socket-met': { level: 'debug', says: 'A native client said the trace of its own.', todo: nothing },
  'socket-closed': { level: 'debug', says: 'A socket was closed.', todo: nothing },
  'certificate-reloaded': { level: 'info', says: 'The certificate was read again.', todo: nothing },
  'certificate-unreadable': {
    level: 'error',
    says: 'The certificate could not be read again; the one from before is still used.',
    todo: 'Mend the files and send SIGHUP again, before the old one expires.',
  },
  'request-failed': {
    level: 'error',
    says: 'A request over HTTP failed in a way that nobody foresaw; it was answered with 500 and this trace.',
    todo: 'Keep the line for whoever develops this.',
  },
  'committed-failed': {
    level: 'error',
    says: 'The application’s function committed threw; it is called again with the same documents, after a while.',
    todo: 'The cause is in the line. Mend the function, or what it depends on; nothing is left out.',
  },
  'committed-late': {
    level: 'error',
    says: 'The application’s function committed took longer than a minute; it is called again with the same documents, after a while.',
    todo: 'See what it waits for. syncline_untold_seconds says for how long commits have waited to be told; nothing is left out.',
  },
  copied: { level: 'info', says: 'All data was handed over to a command of this machine.', todo: nothing },
  'copy-failed': {
    level: 'warn',
    says: 'Handing over all data was cut short; whoever asked keeps nothing of it.',
    todo: 'Make the backup again. The cause is in the line.',
  },
  crashed: {
    level: 'error',
    says: 'The relay has a fault and ends. Nothing acknowledged is lost; whoever supervises it starts it again.',
    todo: 'Keep the line and what is printed behind it for whoever develops this; see that it was started again.',
  },
  'answer-forgotten': {
    level: 'info',
    says: 'Too many refusals of a document wait for their authors; the oldest was forgotten.',
    todo: nothing,
  },
  'application-failed': {
    level: 'error',
    says: 'A function of the application, authenticate or authorize, threw or answered with nonsense; whoever it was asked about was refused.',
    todo: 'The cause is in the line. Mend the function, or what it depends on.',
  },
  'application-late': {
    level: 'error',
    says: 'A function of the application, authenticate or authorize, took too long; whoever it was asked about was refused.',
    todo: 'See why it is slow. Those who were refused come back by themselves.',
  },
  'class-unknown': {
    level: 'warn',
    says: 'The function documentClass of the application threw or answered with nonsense; the document counts as normal.',
    todo: 'The cause is in the line. Mend the function.',
  },
  'keys-unreachable': {
    level: 'error',
    says: 'The key set that tokens are checked with cannot be fetched; nobody new can sign in.',
    todo: 'See whether the address of the key set answers. Those who were refused come back by themselves.',
  },
  'secret-exposed': {
    level: 'warn',
    says: 'Others on this machine may read the secret that tokens are made with.',
    todo: 'Make token-secret in the data folder readable by its owner alone; if in doubt remove it: a new one is made, and all tokens end.',
  },
  'origins-unused': {
    level: 'warn',
    says: 'Nobody signs in at this relay, so that only pages of this machine may connect: what --origins names is turned away.',
    todo: 'Say how people sign in (--token-jwks, --token-public-key, --token-secret-file, or authorize in the config file), or leave --origins out.',
  },
  revoked: {
    level: 'info',
    says: 'Tokens were revoked; who was connected with them is not any more.',
    todo: nothing,
  },
  'revocation-failed': {
    level: 'error',
    says: 'Tokens were to be revoked, and the disk did not keep it; whoever asked was told so. They still count.',
    todo: 'The cause is in the line; see disk-refuses. Then revoke them again.',
  },
  'recheck-failed': {
    level: 'error',
    says: 'What live links may do could not be looked at again; it is tried at the next interval.',
    todo: 'The cause is in the line.',
  },
}
