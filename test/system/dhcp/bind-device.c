/* bind-device DEVICE COMMAND…: runs a command with UDP port 67 of one device as descriptor 3, as systemd would. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **words) {
  const int on = 1;
  const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(67)};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (count < 3 || fd < 0) return 2;
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, words[1], (socklen_t)strlen(words[1])) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0 ||
      bind(fd, (const struct sockaddr *)&any, sizeof any) != 0) {
    perror(words[1]);
    return 1;
  }
  if (fd != 3) {
    dup2(fd, 3);
    close(fd);
  }
  execvp(words[2], words + 2);
  perror(words[2]);
  return 1;
}
