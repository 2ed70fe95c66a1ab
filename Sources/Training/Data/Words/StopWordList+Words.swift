import Domain

/// The lists: written for this program, the words that grammar wants and that say little of what a text is about. In small letters,
/// apostrophes left out ("dont").
extension StopWordList {
  var words: [Substring] { text.split(separator: " ") }

  private var text: String {
    switch self {
    case .english:
      """
      a about above after again against all also am an and any are arent as at be because been before being below between both but by \
      can cannot cant could couldnt did didnt do does doesnt doing dont down during each few for from further had hadnt has hasnt have \
      havent having he her here hers herself him himself his how i if in into is isnt it its itself just me more most my myself no nor \
      not of off on once only or other our ours ourselves out over own same she should so some such than that the their theirs them \
      themselves then there these they this those through to too under until up very was wasnt we were werent what when where which \
      while who whom why will with would wouldnt you your yours yourself yourselves
      """
    case .german:
      """
      aber als am an auch auf aus bei beim bin bis bist da damit dann das dass dein deine dem den der des die dies diese diesem diesen \
      dieser dieses doch dort du durch ein eine einem einen einer eines er es etwas euch euer für gegen hab habe haben hat hatte hatten \
      hier hin ich ihm ihn ihnen ihr ihre im in ins ist ja jede jedem jeden jeder jedes kann kein keine können könnte man mehr mein \
      meine mich mir mit muss nach nicht nichts noch nun nur ob oder ohne sehr sein seine sich sie sind so solche soll sondern über um \
      und uns unser unter vom von vor war waren warum was weil welche wenn wer werden wie wir wird wo zu zum zur zwischen
      """
    case .french:
      """
      à au aux avec avoir c ce ceci cela ces cet cette d dans de des du elle elles en encore est et étaient était étant été être eu eux \
      fut il ils j je l la le les leur leurs lui m ma mais me même mes moi mon n ne nos notre nous on ont ou où par pas pour qu que quel \
      quelle qui quoi s sa sans se ses si son sont sur t ta te tes toi ton tu un une vos votre vous y
      """
    case .spanish:
      """
      a al algo algunas algunos ante antes como con contra cual cuando de del desde donde durante e el ella ellas ellos en entre era es \
      esa ese eso esta está estas este esto estos fue ha hasta hay la las le les lo los más me mi mis mucho muy nada ni no nos nosotros \
      o os otra otro para pero poco por porque que qué quien se sea ser si sí sin sobre son soy su sus también tanto te tiene todo todos \
      tu tus un una unas uno unos y ya yo
      """
    case .italian:
      """
      a ad agli ai al alla alle allo anche c che chi ci come con cui d da dagli dai dal dalla dalle dallo degli dei del della delle \
      dello di dove e è ed era erano gli ha hai hanno ho i il in io l la le lei li lo loro lui ma mi mia mie miei mio ne negli nei nel \
      nella nelle nello no noi non nostro o per perché più quale quando quella quelle quello questa queste questi questo s se sei si \
      sia siamo sono sta su sua sue sugli sui sul sulla sulle sullo suo suoi te ti tra tu tua tuo un una uno vi voi
      """
    case .portuguese:
      """
      a à ao aos aquela aquele as às até com como da das de dela dele deles depois do dos e é ela elas ele eles em entre era essa esse \
      esta está este eu foi há isso isto já lhe mais mas me mesmo meu minha muito na não nas nem no nos nós nossa nosso num numa o os ou \
      para pela pelas pelo pelos por quando que quem são se sem ser seu seus só sua suas também te tem ter teu tu um uma você vocês
      """
    case .dutch:
      """
      aan al alles als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een eens en er ge geen had heb hebben \
      heeft hem het hier hij hoe hun iemand iets ik in is ja je kan kon maar me meer men met mij mijn moet na naar niet niets nog nu of \
      om omdat onder ons ook op over te tegen toch toen tot u uit uw van veel voor want waren was wat werd wie wij wil worden zal ze \
      zelf zich zij zijn zo zonder zou
      """
    case .swedish:
      """
      alla allt att av blev bli blir de dem den denna deras dess dessa det detta dig din dina ditt du där då efter ej eller en er era \
      ett från för ha hade han hans har henne hennes hon honom hur här i icke inom inte jag ju kan kunde man med mellan men mig min \
      mina mitt mot mycket ni nu när någon något några och om oss på samma sedan sig sin sina sitt själv skulle som så sådan till under \
      upp ut utan vad var vara varför varit vart vem vi vid vilka vilken är över
      """
    case .danish:
      """
      ad af alle alt anden at blev blive bliver da de dem den denne der deres det dette dig din disse dog du efter eller en end er et \
      for fra ham han hans har havde have hende hendes her hos hun hvad hvis hvor i ikke ind jeg jer jo kunne man mange med meget men \
      mig min mine mit mod ned noget nogle nu når og også om op os over på selv sig sin sine sit skal skulle som sådan thi til ud under \
      var vi vil ville vor være været
      """
    case .norwegian:
      """
      alle at av bare begge ble blei bli blir både da de deg dei dem den denne der dere deres det dette di din disse ditt du eller en \
      er et etter for fordi fra før ha hadde han hans har hennes her hos hun hva hvem hver hvilken hvis hvor hvordan hvorfor i ikke inn \
      jeg kan kunne man mange med meg meget men mer mi min mitt mot mye må nei noe noen nå når og også om opp oss over på selv seg si \
      sin sine sitt skal skulle slik som så til um under ut vi vil ville var vart være vært vår
      """
    case .finnish:
      """
      ei eivät emme en et ette että hän hänen häntä he heidän heitä ja joka johon joiden joissa jolla jonka jos jossa jota jotka kanssa \
      keitä ketä koska kuin kuka kun me meidän meitä mikä minkä minua minun minä mitä mukaan mutta myös ne niiden niin niissä niitä noin \
      nuo nyt näiden nämä ole olemme olen olet olette oli olin olisi olivat olla on ovat poikki se sekä sen siellä siinä siitä sinä sinun \
      sitä tai te teidän tuo tämä tämän tässä tätä vaan vai vaikka yli
      """
    case .polish:
      """
      a aby ale ani bardzo bez bo być był była było były będzie by co czy dla do go gdy gdzie i ich im inne iż ja jak jako je jego jej \
      jest jeszcze jeśli już każdy kiedy kto która które którego której który których którzy lub ma mi mnie może można mu my na nad nam \
      nas nawet nic nich nie nim niż no o od on ona one oni oraz po pod ponieważ poza przed przez przy się są ta tak także tam te tego \
      tej ten też to tu ty tych tylko tym u w we wam was więc wszystko z za ze że
      """
    case .russian:
      """
      а без более бы был была были было быть в вам вас весь во вот все всех всё вы где да даже для до его ее её если есть еще ещё же за \
      здесь и из или им их к как какая какой ко когда кто ли либо мне много может мой мы на над надо нас не него нее неё нет ни них но \
      ну о об однако он она они оно от очень по под при про с сам себя со так также такой там те тебя тем то того тоже той только том \
      тот ты у уже хотя чего чей чем что чтобы чьё эта эти это этого этой этом этот эту я
      """
    case .turkish:
      """
      acaba ama ancak aslında az bazı belki ben beni benim bir biri biz bize bizi bizim bu buna bunda bundan bunlar bunu bunun çok çünkü \
      da daha de defa diye en gibi göre hem hep hepsi her hiç için ile ise kadar ki kim kime kimi mı mi mu mü nasıl ne neden nerede niçin \
      niye o olan olarak oldu on ona ondan onlar onu onun sen seni senin siz sizi sizin şey şu tüm ve veya ya yani
      """
    }
  }
}
