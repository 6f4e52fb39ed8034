# A relay as an image: docs/OPERATING.md says how it is run. Built from a clone; the image has what `npm pack` would have,
# runs without rights, and keeps everything in /data.

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist/shared ./dist/shared
COPY --from=build /app/dist/server ./dist/server
COPY --from=build /app/dist/client ./dist/client
COPY --from=build /app/dist/node ./dist/node
COPY --from=build /app/dist/react ./dist/react
COPY --from=build /app/dist/types ./dist/types
COPY --from=build /app/dist/pages ./dist/pages
RUN mkdir /data /data-backups && chown node:node /data /data-backups

USER node
VOLUME /data
# Without keys for tokens the relay makes a secret of its own, and tells a link that carries a token.
ENV SYNCLINE_HOST=0.0.0.0 SYNCLINE_PORT=4410 SYNCLINE_DATA=/data
EXPOSE 4410
STOPSIGNAL SIGTERM
# Whether it lives. Whether it is to be sent traffic, /ready says: a relay on a full disk is not to be restarted. It reads
# variables and config file as `serve` does; what is said to `serve` in flags alone it cannot know.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
  CMD ["node", "dist/server/main.js", "health"]
ENTRYPOINT ["node", "dist/server/main.js"]
CMD ["serve"]
