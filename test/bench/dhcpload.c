/*
 * Load for a DHCP server: plays a relay in front of many clients, or those clients themselves.
 *
 *   dhcpload MODE --relay A --server A --first-mac HEX --first-ip A --clients N [--window W] [--seconds S]
 *            [--retry-ms R]
 *
 *   dora    DISCOVER, OFFER, REQUEST, ACK; W clients at a time, again and again for S seconds
 *   bootp   request and reply, likewise
 *   echo    one datagram and the same back, likewise: what a server's sockets can do at most
 *   storm   every client once, all at the same moment, as after a power cut; broadcasts on --device DEV
 *
 * Each answer is checked: its address must be that of its client. One line of JSON on standard output.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, REQUEST_BYTES = 300, KERNEL_BYTES = 548, MOST_SAMPLES = 4 << 20 };
enum mode { DORA, BOOTP, ECHO, STORM };
enum state { IDLE, DISCOVERED, REQUESTED };

/* One exchange under way; its place in the table and its generation make the xid. */
struct exchange {
  enum state state;
  uint16_t generation;
  uint32_t client;
  uint32_t server_id;
  uint64_t began, sent;
};

static struct {
  enum mode mode;
  uint32_t relay, server; /* network order */
  uint64_t first_mac;
  uint32_t first_ip, clients, window;
  double seconds;
  uint64_t retry_ns;
  const char *device;
} option = {.window = 64, .seconds = 10, .clients = 1, .retry_ns = 1000000000ull};

static struct exchange *exchanges;
static uint32_t *idle, idle_count, next_client;
static uint32_t *samples, sample_count;
static uint64_t done, dropped, wrong, refused, stray;
static int out_fd, in_fd; /* the same one, for a relay */

static struct mmsghdr out[BATCH], in[BATCH];
static struct iovec out_vec[BATCH], in_vec[BATCH];
static uint8_t out_bytes[BATCH][KERNEL_BYTES], in_bytes[BATCH][2048];
static struct sockaddr_in target;
static int queued;

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static size_t format_request(uint8_t *bytes, const struct exchange *exchange, uint32_t xid) {
  const size_t length = option.mode == STORM ? KERNEL_BYTES : REQUEST_BYTES;
  uint64_t mac = option.first_mac + exchange->client;
  memset(bytes, 0, length);
  bytes[0] = 1, bytes[1] = 1, bytes[2] = 6;
  bytes[3] = option.mode == STORM ? 0 : 1;
  memcpy(bytes + 4, &xid, 4);
  if (option.mode != STORM) memcpy(bytes + 24, &option.relay, 4);
  for (int at = 5; at >= 0; at--, mac >>= 8) bytes[28 + at] = (uint8_t)mac;
  uint8_t *to = bytes + 236;
  memcpy(to, "\x63\x82\x53\x63", 4), to += 4;
  if (option.mode != BOOTP) {
    *to++ = 53, *to++ = 1, *to++ = exchange->state == REQUESTED ? 3 : 1;
    if (exchange->state == REQUESTED) {
      uint32_t address = htonl(option.first_ip + exchange->client);
      *to++ = 54, *to++ = 4, memcpy(to, &exchange->server_id, 4), to += 4;
      *to++ = 50, *to++ = 4, memcpy(to, &address, 4), to += 4;
    }
    static const uint8_t wanted[] = {55, 9, 1, 3, 6, 12, 15, 17, 26, 40, 42};
    memcpy(to, wanted, sizeof wanted), to += sizeof wanted;
  }
  *to = 255;
  return length;
}

static void flush_out(void) {
  for (int sent = 0; sent < queued;) {
    int count = sendmmsg(out_fd, out + sent, (unsigned)(queued - sent), 0);
    if (count > 0) sent += count;
    else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS) fail("sendmmsg");
  }
  queued = 0;
}

static void send_request(uint32_t slot, uint64_t time) {
  struct exchange *exchange = &exchanges[slot];
  if (queued == BATCH) flush_out();
  uint32_t xid = htonl((uint32_t)exchange->generation << 16 | slot);
  out_vec[queued].iov_len = format_request(out_bytes[queued], exchange, xid);
  exchange->sent = time;
  queued++;
}

static void begin(uint32_t slot, uint64_t time) {
  struct exchange *exchange = &exchanges[slot];
  exchange->generation++;
  exchange->state = DISCOVERED;
  exchange->client = next_client++ % option.clients;
  exchange->began = time;
  send_request(slot, time);
}

static void end(uint32_t slot, uint64_t time) {
  struct exchange *exchange = &exchanges[slot];
  if (sample_count < MOST_SAMPLES) samples[sample_count++] = (uint32_t)((time - exchange->began) / 1000);
  exchange->state = IDLE;
  idle[idle_count++] = slot;
  done++;
}

static void read_options(const uint8_t *bytes, size_t length, int *type, uint32_t *server_id) {
  for (size_t at = 240; at + 1 < length && bytes[at] != 255;) {
    if (bytes[at] == 0) {
      at++;
      continue;
    }
    if (at + 2 + bytes[at + 1] > length) return;
    if (bytes[at] == 53) *type = bytes[at + 2];
    if (bytes[at] == 54) memcpy(server_id, bytes + at + 2, 4);
    at += 2 + bytes[at + 1];
  }
}

static void take_reply(const uint8_t *bytes, size_t length, uint64_t time) {
  uint32_t xid, address, server_id = 0;
  int type = 0;
  if (length < 236) return;
  memcpy(&xid, bytes + 4, 4), xid = ntohl(xid);
  uint32_t slot = xid & 0xffff;
  if (slot >= option.window || exchanges[slot].state == IDLE || exchanges[slot].generation != xid >> 16) {
    stray++;
    return;
  }
  struct exchange *exchange = &exchanges[slot];
  if (option.mode == ECHO) return end(slot, time);
  read_options(bytes, length, &type, &server_id);
  if (type == 6) {
    refused++;
    return;
  }
  memcpy(&address, bytes + 16, 4);
  if (ntohl(address) != option.first_ip + exchange->client) wrong++;
  if (option.mode == BOOTP) return end(slot, time);
  if (exchange->state == DISCOVERED && type == 2) {
    exchange->state = REQUESTED;
    exchange->server_id = server_id;
    send_request(slot, time);
  } else if (exchange->state == REQUESTED && type == 5) {
    end(slot, time);
  } else {
    stray++; /* a second OFFER */
  }
}

static void receive(int timeout_ms) {
  struct pollfd wait = {.fd = in_fd, .events = POLLIN};
  poll(&wait, 1, timeout_ms);
  for (;;) {
    int count = recvmmsg(in_fd, in, BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0) break;
    uint64_t time = now_ns();
    for (int at = 0; at < count; at++) take_reply(in_bytes[at], in[at].msg_len, time);
    if (count < BATCH) break;
  }
}

/* What got no answer in time: in a storm it is sent again, as clients do, else it is a drop. */
static void sweep(uint64_t time) {
  for (uint32_t slot = 0; slot < option.window; slot++) {
    struct exchange *exchange = &exchanges[slot];
    if (exchange->state == IDLE || time < exchange->sent + option.retry_ns) continue;
    dropped++;
    if (option.mode == STORM) {
      send_request(slot, time);
    } else {
      exchange->state = IDLE;
      idle[idle_count++] = slot;
    }
  }
}

static void run(void) {
  const uint64_t began = now_ns(), stop = began + (uint64_t)(option.seconds * 1e9);
  uint64_t swept = began;
  if (option.mode == STORM) {
    while (idle_count > 0) begin(idle[--idle_count], began);
  }
  for (;;) {
    uint64_t time = now_ns();
    if (time >= stop) break;
    if (option.mode == STORM && done == option.clients) break;
    if (option.mode != STORM) {
      while (idle_count > 0) begin(idle[--idle_count], time);
    }
    flush_out();
    receive(1);
    if (time > swept + 10000000ull) sweep(swept = time);
  }
}

static int open_socket(uint32_t address, uint16_t port) {
  const int on = 1, size = 16 << 20;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = address};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  if (option.device != NULL &&
      setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, option.device, (socklen_t)strlen(option.device)) != 0)
    fail(option.device);
  if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0) fail("bind");
  return fd;
}

static void set_up(void) {
  const int is_storm = option.mode == STORM;
  if (is_storm) option.window = option.clients;
  if (option.window < 1 || option.window > 65536) {
    fprintf(stderr, "dhcpload: 1 to 65536 exchanges at a time\n");
    exit(2);
  }
  out_fd = in_fd = open_socket(is_storm ? htonl(INADDR_ANY) : option.relay, is_storm ? 68 : 67);
  target = (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(67),
                                .sin_addr.s_addr = is_storm ? htonl(INADDR_BROADCAST) : option.server};
  exchanges = calloc(option.window, sizeof *exchanges);
  idle = calloc(option.window, sizeof *idle);
  samples = calloc(MOST_SAMPLES, sizeof *samples);
  for (uint32_t slot = option.window; slot > 0; slot--) idle[idle_count++] = slot - 1;
  for (int at = 0; at < BATCH; at++) {
    out_vec[at].iov_base = out_bytes[at];
    out[at].msg_hdr =
        (struct msghdr){.msg_name = &target, .msg_namelen = sizeof target, .msg_iov = &out_vec[at], .msg_iovlen = 1};
    in_vec[at] = (struct iovec){.iov_base = in_bytes[at], .iov_len = sizeof in_bytes[at]};
    in[at].msg_hdr = (struct msghdr){.msg_iov = &in_vec[at], .msg_iovlen = 1};
  }
}

static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static double percentile(double part) {
  return sample_count == 0 ? 0 : samples[(size_t)((sample_count - 1) * part)] / 1000.0;
}

int main(int count, char **words) {
  static const struct option names[] = {{"relay", 1, 0, 'r'},   {"server", 1, 0, 's'},  {"first-mac", 1, 0, 'm'},
                                        {"first-ip", 1, 0, 'i'}, {"clients", 1, 0, 'n'}, {"window", 1, 0, 'w'},
                                        {"seconds", 1, 0, 't'}, {"device", 1, 0, 'd'},
                                        {"retry-ms", 1, 0, 'y'}, {0, 0, 0, 0}};
  static const char *modes[] = {"dora", "bootp", "echo", "storm"};
  int mode = -1;
  for (int letter; (letter = getopt_long(count, words, "", names, NULL)) != -1;) {
    switch (letter) {
      case 'r': option.relay = inet_addr(optarg); break;
      case 's': option.server = inet_addr(optarg); break;
      case 'm': option.first_mac = strtoull(optarg, NULL, 16); break;
      case 'i': option.first_ip = ntohl(inet_addr(optarg)); break;
      case 'n': option.clients = (uint32_t)strtoul(optarg, NULL, 10); break;
      case 'w': option.window = (uint32_t)strtoul(optarg, NULL, 10); break;
      case 't': option.seconds = strtod(optarg, NULL); break;
      case 'd': option.device = optarg; break;
      case 'y': option.retry_ns = strtoull(optarg, NULL, 10) * 1000000ull; break;
      default: return 2;
    }
  }
  for (int at = 0; optind < count && at < 4; at++)
    if (strcmp(words[optind], modes[at]) == 0) mode = at;
  if (mode < 0) {
    fprintf(stderr, "dhcpload: a mode is missing: dora, bootp, echo or storm\n");
    return 2;
  }
  option.mode = (enum mode)mode;
  set_up();
  run();
  qsort(samples, sample_count, sizeof *samples, by_value);
  printf("{\"done\":%lu,\"dropped\":%lu,\"wrong\":%lu,\"refused\":%lu,\"stray\":%lu,"
         "\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"maxMs\":%.3f}\n",
         done, dropped, wrong, refused, stray, percentile(0.5), percentile(0.99), percentile(1.0));
  return 0;
}
