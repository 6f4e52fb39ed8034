// index.ts — what programs on Node import as `syncline/node`, beside `syncline/client`: a place on the disk.
export { openLevelStore } from './level-place.ts'
